"""A bundle is whole or not there, predicts as before, and runs no code of its files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from learning_tables import training_rows, utterance_table
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from test_models import SETTINGS

from ser import bundle, files, tables, training

UTTERANCES = utterance_table(4, emotions=("neutral", "happy", "sad", "angry"), n_repetitions=1)
ROWS = training_rows(UTTERANCES)


class Innocent:
    """Not a type of scikit-learn, so who knows what loading it does."""


def trained(name: str = "logistic_regression") -> bundle.Bundle:
    """A bundle of a model that learned `ROWS`."""
    model = training.fitted(ROWS, UTTERANCES["speaker"], name=name, n_calibration_folds=2, seed=0, **SETTINGS[name])
    return bundle.Bundle(
        model=model,
        labels=["neutral", "happy", "sad", "angry"],
        columns=tables.feature_columns(ROWS),
        representation={"name": "librosa", "settings": {"sample_rate": 22050}},
        description={"seed": 0, "speakers": ["ravdess/01"]},
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[bundle.Bundle, Path]:
    """A bundle, and the folder that it was saved to."""
    made, folder = trained(), tmp_path_factory.mktemp("models") / "fold_0"
    bundle.save(made, folder)
    return made, folder


@pytest.fixture
def copied(saved: tuple[bundle.Bundle, Path], tmp_path: Path) -> Path:
    """A folder of a bundle that a test may spoil."""
    folder = tmp_path / "copy"
    bundle.save(saved[0], folder)
    return folder


@pytest.mark.parametrize("name", SETTINGS)
def test_a_saved_bundle_predicts_the_same_bits(name: str, tmp_path: Path) -> None:
    made = trained(name)
    bundle.save(made, tmp_path / "fold_0")
    loaded = bundle.load(tmp_path / "fold_0")
    np.testing.assert_array_equal(loaded.probabilities(ROWS), made.probabilities(ROWS))


def test_a_bundle_keeps_its_description(saved: tuple[bundle.Bundle, Path]) -> None:
    made, loaded = saved[0], bundle.load(saved[1])
    assert (loaded.labels, loaded.columns, loaded.representation) == (made.labels, made.columns, made.representation)
    assert loaded.description.items() >= made.description.items()
    assert loaded.description["versions"]["scikit-learn"]


def test_probabilities_are_in_the_order_of_the_labels_and_not_of_the_alphabet(
    saved: tuple[bundle.Bundle, Path],
) -> None:
    made = saved[0]
    probabilities = made.probabilities(ROWS)
    assert made.model.classes_.tolist() == ["angry", "happy", "neutral", "sad"]
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    prediction = np.array(made.labels)[probabilities.argmax(axis=1)]
    assert (prediction == made.model.predict(ROWS[made.columns].to_numpy())).all()
    assert (prediction == ROWS["emotion"]).mean() > 0.8


def test_the_order_of_columns_and_other_columns_do_not_matter(saved: tuple[bundle.Bundle, Path]) -> None:
    made = saved[0]
    other = ROWS[ROWS.columns[::-1]].assign(more=1.0)
    np.testing.assert_array_equal(made.probabilities(other), made.probabilities(ROWS))


def test_a_missing_feature_is_named_with_the_remedy(saved: tuple[bundle.Bundle, Path]) -> None:
    with pytest.raises(ValueError, match="lack 2 of the model's 6, the first is feature_1; extract librosa with"):
        saved[0].probabilities(ROWS.drop(columns=["feature_1", "feature_3"]))


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
    skops.io.dump(forged, copied / bundle.MODEL)
    with pytest.raises(ValueError, match=rf"holds .*({named}).*, which could run code; not loaded"):
        bundle.load(copied)


@pytest.mark.parametrize("version", [2, "1", None])
def test_another_format_is_refused(version: object, copied: Path) -> None:
    description = json.loads((copied / bundle.DESCRIPTION).read_text())
    files.write_json(copied / bundle.DESCRIPTION, description | {"format": version})
    with pytest.raises(ValueError, match=rf"has format {version}, this version reads 1; train anew"):
        bundle.load(copied)


def test_a_missing_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no model in .*nowhere .*; train one with: dvc repro train"):
        bundle.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [bundle.MODEL, bundle.DESCRIPTION])
def test_half_a_bundle_is_none(name: str, copied: Path) -> None:
    (copied / name).unlink()
    with pytest.raises(ValueError, match="no model in"):
        bundle.load(copied)


def test_an_interrupted_save_leaves_nothing(
    saved: tuple[bundle.Bundle, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, content: object) -> None:
        assert (path.parent / bundle.MODEL).is_file()
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "write_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bundle.save(saved[0], tmp_path / "fold_0")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_save_leaves_the_bundle_that_was_there(
    saved: tuple[bundle.Bundle, Path], copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(skops.io, "dump", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bundle.save(saved[0], copied)
    assert [path.name for path in copied.parent.iterdir()] == [copied.name]
    pd.testing.assert_frame_equal(
        pd.DataFrame(bundle.load(copied).probabilities(ROWS)), pd.DataFrame(saved[0].probabilities(ROWS))
    )


def test_a_damaged_description_is_refused_with_the_remedy(tmp_path):
    (tmp_path / bundle.MODEL).write_bytes(b"")
    (tmp_path / bundle.DESCRIPTION).write_text("{")
    with pytest.raises(ValueError, match=r"is damaged.*dvc repro -f train"):
        bundle.load(tmp_path)
