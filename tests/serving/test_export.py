"""Exports of every network in every format: the same predictions as in Keras, complete files, and descriptions."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ser.core import files
from ser.models import NEURAL, bundle
from ser.models.backend import keras
from ser.serving import export as exporting
from tests.support.bundles import LABELS, SHAPES, described, features_for, trained, with_network
from tests.support.paths import ROOT

FORMATS = ("litert", "litert_float16", "litert_int8", "saved_model")
TEMPERATURE = 0.7  # of `with_network`
# The error of 8-bit weights is up to 1/254 of the largest weight of their channel. It changes the logits of these
# networks by some hundredths, and a probability by less.
INT8 = 0.03
FLOAT16 = 1e-3  # 11-bit weights have a relative error of up to 1/2048
QUICK = ("cnn",)
REPEATED = ("attention", "gru")  # with layers of our own, and with a state


@dataclass(frozen=True)
class Export:
    """A network, its input, and the folder of its export."""

    name: str
    made: bundle.Bundle
    values: np.ndarray
    before: np.ndarray
    """What the network gave for the input before it was exported."""
    written: Mapping[str, Path]


@pytest.fixture(
    scope="module", params=[name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NEURAL]
)
def export(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """An untrained network, as `conf/model` has it, in every format."""
    made = with_network(request.param)
    shape = SHAPES[made.representation["name"]]
    values = np.random.default_rng(1).normal(size=(12, *shape)).astype(np.float32)
    before = made.of_values(values)
    written = exporting.exported(made, described(made), tmp_path_factory.mktemp(request.param))
    return Export(request.param, made, values, before, written)


def by_hand(export: Export) -> np.ndarray:
    """Softmax of the network's logits divided by the temperature: roots of the probabilities, normalised."""
    root = np.asarray(export.made.model.network(export.values, training=False), np.float64) ** (1 / TEMPERATURE)
    return root / root.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "within"),
    [("litert", 1e-5), ("litert_float16", FLOAT16), ("litert_int8", INT8), ("saved_model", 1e-5)],
)
def test_an_export_gives_the_calibrated_probabilities_of_the_network(export: Export, name: str, within: float) -> None:
    expected = by_hand(export)
    raw = np.asarray(export.made.model.network(export.values, training=False))
    assert np.abs(raw - expected).max() > 1e-4  # the temperature matters
    assert np.ptp(expected, axis=0).max() > 1e-3  # and the values matter
    found = exporting.predictor(export.written[name])(export.values)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=within)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_8_bit_weights_give_a_smaller_file_and_the_same_emotions(export: Export) -> None:
    sizes = {name: (export.written[name] / bundle.LITERT).stat().st_size for name in ("litert", "litert_int8")}
    assert sizes["litert_int8"] < 0.6 * sizes["litert"]
    exact, rough = (exporting.predictor(export.written[name])(export.values) for name in sizes)
    assert np.abs(exact - rough).max() > 1e-7
    clear = np.diff(np.sort(exact, axis=1)[:, -2:], axis=1)[:, 0] > 2 * INT8
    assert (exact.argmax(axis=1) == rough.argmax(axis=1))[clear].all()


def test_16_bit_weights_halve_the_file(export: Export) -> None:
    sizes = [(export.written[name] / bundle.LITERT).stat().st_size for name in ("litert", "litert_float16")]
    n_bytes = 4 * export.made.model.network.count_params()
    assert sizes[1] < sizes[0] - 0.4 * n_bytes


def test_a_saved_model_has_the_layout_of_tensorflow_serving(export: Export) -> None:
    import tensorflow

    folder = export.written["saved_model"]
    assert sorted(path.name for path in folder.iterdir()) == ["1", "bundle.json"]
    served = tensorflow.saved_model.load(str(folder / "1")).signatures["serving_default"]
    (taken,) = served.structured_input_signature[1].values()
    (given,) = served.structured_outputs.values()
    assert (taken.name, tuple(taken.shape)) == ("features", (None, *export.values.shape[1:]))
    assert (list(served.structured_outputs), tuple(given.shape)) == (["probabilities"], (None, len(LABELS)))
    together = served(features=export.values)["probabilities"]
    for n_rows in (1, 5):
        np.testing.assert_allclose(
            served(features=export.values[:n_rows])["probabilities"], together[:n_rows], atol=1e-6
        )


@pytest.mark.slow
@pytest.mark.parametrize("export", ["gru"], indirect=True)
def test_a_saved_model_can_be_called_without_this_library(export: Export) -> None:
    """In a process that has imported only TensorFlow."""
    np.save(export.written["saved_model"] / "values.npy", export.values)
    script = """
import sys, numpy, tensorflow
served = tensorflow.saved_model.load("1").signatures["serving_default"]
numpy.save("found.npy", served(features=tensorflow.constant(numpy.load("values.npy")))["probabilities"])
assert not [name for name in sys.modules if name.partition(".")[0] == "ser"]
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=export.written["saved_model"], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    found = np.load(export.written["saved_model"] / "found.npy")
    for name in ("values.npy", "found.npy"):
        (export.written["saved_model"] / name).unlink()
    np.testing.assert_allclose(found, by_hand(export), atol=1e-5)


def test_litert_predicts_in_a_process_that_has_neither_tensorflow_nor_keras(export: Export, tmp_path: Path) -> None:
    """Only built-in operators are available, also for recurrent layers."""
    np.save(tmp_path / "values.npy", export.values)
    script = """
import sys
from pathlib import Path
import numpy
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "keras", "tf_keras", "sklearn", "pandas"):
            raise ImportError(name + " is not here")
sys.meta_path.insert(0, Forbidden())
from ser.models import bundle
for name in ("litert", "litert_float16", "litert_int8"):
    model = bundle.load(Path(sys.argv[1]) / name)
    numpy.save(name + ".npy", model.of_values(numpy.load("values.npy")))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-c", script, str(export.written["litert"].parent)]
    done = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "litert.npy"), by_hand(export), atol=1e-5)
    np.testing.assert_allclose(np.load(tmp_path / "litert_int8.npy"), by_hand(export), atol=INT8)


def test_the_description_of_an_export_is_that_of_its_bundle_and_its_format(export: Export) -> None:
    assert set(export.written) == set(FORMATS)
    for name, folder in export.written.items():
        assert bundle.read_description(folder) == {**described(export.made), "export": {"format": name}}
    loaded = bundle.load(export.written["litert"])
    assert (loaded.labels, loaded.columns) == (LABELS, export.made.columns)
    assert loaded.representation == export.made.representation


def test_exporting_leaves_no_other_files(export: Export) -> None:
    folder = export.written["litert"].parent
    assert sorted(path.name for path in folder.iterdir()) == sorted(FORMATS)
    assert sorted(path.name for path in export.written["litert"].iterdir()) == ["bundle.json", "model.tflite"]
    assert not list(folder.rglob(".partial.*"))


def test_exporting_does_not_change_the_network_and_can_be_repeated(export: Export, tmp_path: Path) -> None:
    np.testing.assert_array_equal(export.made.of_values(export.values), export.before)
    if export.name in REPEATED:
        again = exporting.exported(export.made, described(export.made), tmp_path)
        for name, folder in export.written.items():
            first, second = (exporting.predictor(one)(export.values) for one in (folder, again[name]))
            np.testing.assert_allclose(second, first, rtol=0, atol=1e-6)


# classifiers and errors


def test_a_classifier_is_exported_to_onnx_only(tmp_path: Path) -> None:
    made = trained("svm")
    written = exporting.exported(made, described(made), tmp_path)
    assert list(written) == ["onnx"]
    assert sorted(path.name for path in written["onnx"].iterdir()) == ["bundle.json", "model.onnx"]
    values = features_for(made).rows[made.columns].to_numpy(np.float32)
    np.testing.assert_allclose(exporting.predictor(written["onnx"])(values), made.of_values(values), atol=1e-5)


def test_a_logistic_regression_is_also_exported_to_litert_with_the_same_probabilities(tmp_path: Path) -> None:
    made = trained()
    written = exporting.exported(made, described(made), tmp_path)
    assert list(written) == ["onnx", "litert"]
    assert bundle.read_description(written["litert"])["temperature"] == 1.0
    values = features_for(made).rows[made.columns].to_numpy(np.float32)
    expected = made.of_values(values)
    assert np.ptp(expected, axis=0).max() > 0.1
    np.testing.assert_allclose(exporting.predictor(written["litert"])(values), expected, atol=1e-5)


def test_an_interrupted_export_leaves_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = trained("svm")
    exporting.exported(made, described(made), tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "onnx").iterdir()}

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "write_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        exporting.exported(made, described(made) | {"seed": 1}, tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "onnx").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["onnx"]


def test_networks_of_another_backend_are_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = with_network("cnn", filters=[4], dense_units=8)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"KERAS_BACKEND is jax, but LiteRT and SavedModel need tensorflow; unset it"):
        exporting.exported(made, described(made), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_model_has_no_predictor(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no model in .*; train one with: dvc repro train"):
        exporting.predictor(tmp_path)


# the comparison


class Told:
    """Stand-in for a bundle; its values are its probabilities of `neutral` and `sad`."""

    labels = ("neutral", "sad")

    def of_values(self, values: np.ndarray) -> np.ndarray:
        return np.stack([values[:, 0], 1 - values[:, 0]], axis=1).astype(np.float64)


def test_a_comparison_by_hand(tmp_path: Path) -> None:
    """The export predicts neutral for the first two of 5 utterances: 2 of 2 neutral and 3 of 3 sad are right."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "model.tflite").write_bytes(b"1234567")
    (tmp_path / "deep/weights").write_bytes(b"123")
    values = np.array([[0.75], [0.625], [0.25], [0.125], [0.5625]], np.float32)
    shift = np.array([[0, 0], [0, 0], [0.125, -0.125], [0, 0], [-0.25, 0.25]])
    truth = ["neutral", "neutral", "sad", "sad", "sad"]
    model: Any = Told()
    found = exporting.compared(
        "litert", tmp_path, lambda rows: model.of_values(rows) + shift[: len(rows)], values, truth, model
    )
    assert (found.format, found.size, found.difference, found.agreement, found.uar) == ("litert", 10, 0.25, 0.8, 1.0)
    assert found.latency > 0
    own = exporting.compared("bundle", tmp_path, model.of_values, values, truth, model)
    assert (own.difference, own.agreement, own.uar) == (0, 1, pytest.approx((1 + 2 / 3) / 2))


def test_the_uar_of_a_comparison_is_over_the_emotions_that_occur(tmp_path: Path) -> None:
    model: Any = Told()
    values = np.array([[0.75], [0.25]], np.float32)
    assert exporting.compared("x", tmp_path, model.of_values, values, ["neutral", "neutral"], model).uar == 0.5


def test_latency_is_of_one_utterance_at_a_time_in_milliseconds(tmp_path: Path) -> None:
    import time

    sizes = set()

    def slow(rows: np.ndarray) -> np.ndarray:
        sizes.add(len(rows))
        time.sleep(0.002)
        return Told().of_values(rows)

    model: Any = Told()
    found = exporting.compared("x", tmp_path, slow, np.full((3, 1), 0.75, np.float32), ["neutral"] * 3, model)
    assert sizes == {1, 3}
    assert 2 <= found.latency < 2000  # which it would be in microseconds
