"""Bundles: saved as a whole, equal predictions after loading, and no execution of code in files."""

import io
import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from ser.core import files
from ser.features.yamnet import weights
from ser.models import NEURAL, backend, bundle
from ser.models.backend import keras
from ser.representation.reading import Representation
from tests.support import warm_python
from tests.support.bundles import (
    HISTORY,
    LABELS,
    ROWS,
    SETTINGS,
    SHAPES,
    TABLE,
    UTTERANCES,
    copy_of,
    features_for,
    trained,
    with_network,
)
from tests.support.learning_tables import feature_table
from tests.support.paths import CONF
from tests.support.published_weights import random_weights

EVERY = np.arange(len(ROWS))

ARRAY = np.random.default_rng(0).normal(size=(20, *SHAPES["log_mel"])).astype(np.float32)
SPECTROGRAMS = Representation(ROWS[["utterance", "variant", "emotion"]].iloc[:20], ARRAY)


class Innocent:
    """A type outside scikit-learn, whose loading could run any code."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[bundle.Bundle, Path]:
    """A bundle of a classifier, and the folder that it was saved to."""
    made, folder = trained(), tmp_path_factory.mktemp("models") / "fold_0"
    bundle.save(made, folder)
    return made, folder


@pytest.fixture(scope="module")
def saved_network(tmp_path_factory: pytest.TempPathFactory) -> tuple[bundle.Bundle, Path]:
    """A bundle of a network, and the folder that it was saved to."""
    made, folder = with_network("cnn", filters=[4], dense_units=8), tmp_path_factory.mktemp("networks") / "fold_0"
    bundle.save(made, folder)
    return made, folder


@pytest.fixture
def copied(saved: tuple[bundle.Bundle, Path], tmp_path: Path) -> Path:
    """A folder of a classifier's bundle that a test may change."""
    return copy_of(saved[1], tmp_path / "copy")


@pytest.fixture
def copied_network(saved_network: tuple[bundle.Bundle, Path], tmp_path: Path) -> Path:
    """A folder of a network's bundle that a test may change."""
    return copy_of(saved_network[1], tmp_path / "copy")


# saved content and predictions


@pytest.mark.parametrize("name", SETTINGS)
def test_a_saved_bundle_predicts_the_same_bits(name: str, tmp_path: Path) -> None:
    made = trained(name)
    bundle.save(made, tmp_path / "fold_0")
    loaded = bundle.load(tmp_path / "fold_0")
    np.testing.assert_array_equal(loaded.probabilities(TABLE, EVERY), made.probabilities(TABLE, EVERY))


def test_a_bundle_keeps_its_description(saved: tuple[bundle.Bundle, Path]) -> None:
    made, loaded = saved[0], bundle.load(saved[1])
    assert (loaded.labels, loaded.columns, loaded.representation) == (made.labels, made.columns, made.representation)
    assert loaded.description.items() >= made.description.items()
    assert loaded.description["versions"]["scikit-learn"]
    assert "keras" not in loaded.description["versions"]
    assert list(loaded.history) == []


def test_a_network_is_saved_with_its_history_temperature_and_library_versions(
    saved_network: tuple[bundle.Bundle, Path],
) -> None:
    made, folder = saved_network
    assert sorted(path.name for path in folder.iterdir()) == ["bundle.json", "history.csv", "model.keras"]
    loaded = bundle.load(folder)
    assert (loaded.labels, loaded.columns, loaded.representation) == (LABELS, [], made.representation)
    assert loaded.model.classes_ == LABELS
    assert loaded.model.temperature == 0.7
    assert list(loaded.history) == HISTORY
    assert loaded.description["metrics"] == {"epoch": 1, "dev_uar": 0.75}
    assert loaded.description["versions"].items() >= backend.versions().items()
    assert backend.versions()["keras"] == keras.__version__


@pytest.mark.slow
def test_every_network_predicts_the_same_bits_in_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process has not imported the layers of a network, so loading must import them."""
    monkeypatch.setattr(weights, "weights", random_weights)
    expected = {}
    for name in NEURAL:
        made = with_network(name)
        bundle.save(made, tmp_path / name)
        features = features_for(made)
        expected[name] = made.probabilities(features, np.arange(len(features.rows)))
        np.savez(tmp_path / f"{name}.npz", values=ROWS if features.array is None else features.array)
    ROWS.to_pickle(tmp_path / "rows.pickle")
    script = f"""
import sys
from pathlib import Path
import numpy, pandas
from ser.models import bundle
from ser.representation.reading import Representation
rows = pandas.read_pickle("rows.pickle")
for name in {NEURAL}:
    try:
        model = bundle.load(Path(name))
    except ValueError as error:
        print(name, str(error)[:80])
        continue
    array = None if model.columns else numpy.load(name + ".npz")["values"]
    features = Representation(rows, array)
    positions = numpy.arange(len(rows) if array is None else len(array))
    numpy.save(name + ".npy", model.probabilities(features, positions))
"""
    done = subprocess.run(
        [warm_python.commands() / "python", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    for name, probabilities in expected.items():
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), probabilities, err_msg=name)


def environment() -> dict[str, str]:
    """Environment in which a process finds the library from any folder."""
    return {**os.environ, "PYTHONPATH": str(CONF.parent)}


def test_the_temperature_divides_the_logits(saved_network: tuple[bundle.Bundle, Path]) -> None:
    """Softmax of logits / T is proportional to the T-th root of the softmax."""
    made = saved_network[0]
    raw = np.asarray(made.model.network(ARRAY), np.float64)
    root = raw ** (1 / 0.7)
    found = bundle.load(saved_network[1]).probabilities(SPECTROGRAMS, np.arange(20))
    np.testing.assert_allclose(found, root / root.sum(axis=1, keepdims=True), rtol=1e-5)
    assert found.dtype == np.float64


def test_probabilities_are_in_the_order_of_the_labels_and_not_of_the_alphabet(
    saved: tuple[bundle.Bundle, Path],
) -> None:
    made = saved[0]
    probabilities = made.probabilities(TABLE, EVERY)
    assert made.model.classes_.tolist() == ["happy", "neutral", "sad", "verträumt"]
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    prediction = np.array(made.labels)[probabilities.argmax(axis=1)]
    assert (prediction == made.model.predict(ROWS[made.columns].to_numpy())).all()
    assert (prediction == ROWS["emotion"]).mean() > 0.8


def test_the_order_of_columns_and_other_columns_do_not_matter(saved: tuple[bundle.Bundle, Path]) -> None:
    made = saved[0]
    other = Representation(ROWS[ROWS.columns[::-1]].assign(more=1.0))
    np.testing.assert_array_equal(made.probabilities(other, EVERY), made.probabilities(TABLE, EVERY))


def test_rows_are_taken_by_position(
    saved: tuple[bundle.Bundle, Path], saved_network: tuple[bundle.Bundle, Path]
) -> None:
    chosen = np.array([7, 2, 2, 11])
    for made, features in ((saved[0], TABLE), (saved_network[0], SPECTROGRAMS)):
        everything = made.probabilities(features, np.arange(len(features.rows)))
        np.testing.assert_allclose(made.probabilities(features, chosen), everything[chosen], atol=1e-7)
        assert np.ptp(everything, axis=0).max() > 1e-3  # the rows differ


def test_the_index_of_a_table_is_not_its_positions(saved: tuple[bundle.Bundle, Path]) -> None:
    backwards = Representation(ROWS[::-1])  # the index is in the opposite order
    expected = saved[0].probabilities(TABLE, EVERY)[::-1]
    np.testing.assert_array_equal(saved[0].probabilities(backwards, EVERY), expected)


def test_an_array_of_many_chunks_is_predicted_whole(
    saved_network: tuple[bundle.Bundle, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = saved_network[0]
    whole = made.probabilities(SPECTROGRAMS, np.arange(20))
    monkeypatch.setattr(bundle, "CHUNK", 3)
    np.testing.assert_allclose(made.probabilities(SPECTROGRAMS, np.arange(20)), whole, atol=1e-6)
    assert made.probabilities(SPECTROGRAMS, np.arange(0)).shape == (0, 4)


# refusals


def test_a_missing_feature_is_named_with_the_remedy(saved: tuple[bundle.Bundle, Path]) -> None:
    fewer = Representation(ROWS.drop(columns=["feature_1", "feature_3"]))
    with pytest.raises(ValueError, match="lack 2 of the model's 6, the first is feature_1; extract librosa with"):
        saved[0].probabilities(fewer, EVERY)


def test_an_array_of_another_shape_is_refused_with_the_remedy(saved_network: tuple[bundle.Bundle, Path]) -> None:
    wider = Representation(SPECTROGRAMS.rows, np.zeros((20, 24, 31), np.float32))
    message = r"shape \(24, 31\), and the model was trained on \(24, 30\); extract them with the model's settings"
    with pytest.raises(ValueError, match=message):
        bundle.load(saved_network[1]).probabilities(wider, np.arange(20))


@pytest.mark.parametrize("which", ["classifier", "network"])
def test_features_of_the_other_kind_are_refused_with_the_remedy(
    which: str, saved: tuple[bundle.Bundle, Path], saved_network: tuple[bundle.Bundle, Path]
) -> None:
    made, features = (saved[0], SPECTROGRAMS) if which == "classifier" else (saved_network[0], TABLE)
    with pytest.raises(ValueError, match=r"extract .*with the model's settings"):
        made.probabilities(features, np.arange(20))


def innocent_function(values: np.ndarray) -> np.ndarray:
    """A function that a forged file could name."""
    return values


@pytest.mark.parametrize(
    ("forged", "named"),
    [
        (FunctionTransformer(innocent_function), "innocent_function"),
        (make_pipeline(FunctionTransformer(innocent_function)), "innocent_function"),
        (Innocent(), "Innocent"),
        ({"hook": Path.unlink}, "Path.unlink|pathlib"),
    ],
    ids=["function", "function in a pipeline", "class", "method"],
)
def test_types_that_could_run_code_are_refused(forged: Any, named: str, copied: Path) -> None:
    skops.io.dump(forged, copied / bundle.CLASSIFIER)
    with pytest.raises(ValueError, match=rf"holds .*({named}).*, which could run code; not loaded"):
        bundle.load(copied)


class Unregistered(keras.layers.Layer):
    """A layer that Keras cannot know."""

    def call(self, inputs: Any) -> Any:
        return inputs


CALLS: list[str] = []


def recorded(inputs: Any) -> Any:
    """A function that records its call."""
    CALLS.append("ran")
    return inputs


def forged_network(layer: keras.layers.Layer) -> keras.Model:
    inputs = keras.Input(SHAPES["log_mel"])
    return keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Flatten()(layer(inputs))))


@pytest.mark.parametrize("kind", ["lambda", "named function", "unregistered class"])
def test_a_network_that_could_run_code_is_refused_and_runs_none(kind: str, copied_network: Path) -> None:
    layer = {
        "lambda": keras.layers.Lambda(lambda inputs: recorded(inputs)),  # Keras saves its code
        "named function": keras.layers.Lambda(recorded),
        "unregistered class": Unregistered(),
    }[kind]
    forged_network(layer).save(copied_network / bundle.NETWORK)
    CALLS.clear()
    with pytest.raises(ValueError, match=r"(?s)model\.keras cannot be loaded .*; train anew with: dvc repro -f train"):
        bundle.load(copied_network)
    assert CALLS == []


def with_config(path: Path, change: Any) -> None:
    """Rewrite a saved network with its config.json, as text, changed."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["config.json"] = change(content["config.json"].decode()).encode()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value)
    path.write_bytes(whole.getvalue())


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("keras.config", "enable_unsafe_deserialization"), ("shutil", "rmtree")]
)
def test_a_network_whose_layers_name_a_function_of_python_is_refused(
    module: str, name: str, copied_network: Path
) -> None:
    """As in CVE-2025-1550 and CVE-2025-9906: a config that names a function to call while it is read."""

    def forged(text: str) -> str:
        config = json.loads(text)
        layer = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Flatten")
        layer |= {"module": module, "class_name": "function", "registered_name": name, "config": name}
        return json.dumps(config)

    with_config(copied_network / bundle.NETWORK, forged)
    with pytest.raises(ValueError, match=r"(?s)model\.keras cannot be loaded .*; train anew with: dvc repro -f train"):
        bundle.load(copied_network)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_network_is_refused_with_the_remedy(share: float, copied_network: Path) -> None:
    path = copied_network / bundle.NETWORK
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"(?s)model\.keras cannot be loaded .*; train anew with: dvc repro -f train"):
        bundle.load(copied_network)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_truncated_classifier_is_refused_with_the_remedy(share: float, copied: Path) -> None:
    path = copied / bundle.CLASSIFIER
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"(?s)model\.skops .*train anew with: dvc repro -f train"):
        bundle.load(copied)


def test_the_error_of_a_network_that_cannot_be_loaded_is_short_enough_to_read(copied_network: Path) -> None:
    """Keras writes the whole configuration into its messages."""
    forged_network(Unregistered()).save(copied_network / bundle.NETWORK)
    with pytest.raises(ValueError, match="cannot be loaded") as caught:
        bundle.load(copied_network)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("version", [2, "1", None])
def test_another_format_is_refused(version: object, copied: Path) -> None:
    description = json.loads((copied / bundle.DESCRIPTION).read_text())
    files.write_json(copied / bundle.DESCRIPTION, description | {"format": version})
    with pytest.raises(ValueError, match=rf"has format {version}, this version reads 1; train anew"):
        bundle.load(copied)


def test_a_missing_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no model in .*nowhere .*; train one with: dvc repro train"):
        bundle.load(tmp_path / "nowhere")


def test_a_folder_of_models_is_refused_with_their_names(copied: Path) -> None:
    with pytest.raises(ValueError, match=rf"no model in .*; choose one of {copied}$"):
        bundle.load(copied.parent)


@pytest.mark.parametrize("name", [bundle.CLASSIFIER, bundle.DESCRIPTION])
def test_an_incomplete_bundle_is_refused(name: str, copied: Path) -> None:
    (copied / name).unlink()
    with pytest.raises(ValueError, match=r"no model in .*; train one with: dvc repro train"):
        bundle.load(copied)


@pytest.mark.parametrize("name", [bundle.NETWORK, bundle.DESCRIPTION, bundle.HISTORY])
def test_an_incomplete_bundle_of_a_network_is_refused(name: str, copied_network: Path) -> None:
    (copied_network / name).unlink()
    with pytest.raises(ValueError, match=r"train .* with: dvc repro"):
        bundle.load(copied_network)


def test_a_damaged_description_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / bundle.CLASSIFIER).write_bytes(b"")
    (tmp_path / bundle.DESCRIPTION).write_text("{")
    with pytest.raises(ValueError, match=r"is damaged.*dvc repro -f train"):
        bundle.load(tmp_path)


# whole or not at all


@pytest.mark.parametrize("which", ["saved", "saved_network"])
def test_an_interrupted_save_leaves_nothing(
    which: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, content: object) -> None:
        assert any((path.parent / name).is_file() for name in (bundle.CLASSIFIER, bundle.NETWORK))
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "write_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bundle.save(request.getfixturevalue(which)[0], tmp_path / "fold_0")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_save_leaves_the_earlier_bundle(
    saved: tuple[bundle.Bundle, Path], copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(skops.io, "dumps", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bundle.save(saved[0], copied)
    assert [path.name for path in copied.parent.iterdir()] == [copied.name]
    pd.testing.assert_frame_equal(
        pd.DataFrame(bundle.load(copied).probabilities(TABLE, EVERY)),
        pd.DataFrame(saved[0].probabilities(TABLE, EVERY)),
    )


def test_the_partial_folder_of_a_killed_process_is_no_bundle_and_does_not_block_a_save(
    saved_network: tuple[bundle.Bundle, Path], tmp_path: Path
) -> None:
    left = tmp_path / ".partial.fold_0"  # the network was written, the description was not
    left.mkdir()
    (left / bundle.NETWORK).write_bytes((saved_network[1] / bundle.NETWORK).read_bytes())
    for folder in (left, tmp_path / "fold_0"):
        with pytest.raises(ValueError, match=r"no model in .*; train one with: dvc repro train"):
            bundle.load(folder)
    bundle.save(saved_network[0], tmp_path / "fold_0")
    assert [path.name for path in tmp_path.iterdir()] == ["fold_0"]
    assert bundle.load(tmp_path / "fold_0").labels == LABELS


def test_features_of_a_table_are_found_by_column_name(saved: tuple[bundle.Bundle, Path]) -> None:
    """`feature_table` and `training_rows` have equal values, and the bundle finds columns by name."""
    features = Representation(feature_table(UTTERANCES))
    np.testing.assert_array_equal(saved[0].probabilities(features, EVERY), saved[0].probabilities(TABLE, EVERY))
