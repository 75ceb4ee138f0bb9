"""Classifiers in ONNX's format: the probabilities of the bundle, without scikit-learn."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ser.core import extras, tables
from ser.models import bundle, classifier_training, onnx
from ser.serving import export
from tests.support.bundles import SETTINGS, copy_of, described
from tests.support.learning_tables import training_rows, utterance_table
from tests.support.paths import ROOT

TWO, EIGHT = ("neutral", "angry"), tables.EMOTIONS[:8]


def rows_of(emotions: tuple[str, ...], *, synthetic: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Rows of emotions that overlap a little, the last ones synthetic and far away; and their speakers."""
    utterances = utterance_table(4, emotions=emotions, n_repetitions=1)
    rows = training_rows(utterances, separation=1.0)
    made = rows.iloc[:synthetic].assign(synthetic=True)
    columns = tables.feature_columns(rows)
    made[columns] = made[columns] + np.float32(3)
    speaker = pd.concat([utterances["speaker"], utterances["speaker"].iloc[:synthetic]], ignore_index=True)
    return pd.concat([rows, made], ignore_index=True), speaker


def model_of(name: str, rows: pd.DataFrame, speaker: pd.Series) -> Any:
    return classifier_training.fitted(rows, speaker, name=name, n_calibration_folds=2, seed=0, **SETTINGS[name])


@cache
def kept_model(name: str, emotions: tuple[str, ...], synthetic: int) -> Any:
    return model_of(name, *rows_of(emotions, synthetic=synthetic))


def bundled(model: Any, labels: tuple[str, ...]) -> bundle.Bundle:
    columns = tables.feature_columns(rows_of(labels)[0])
    return bundle.Bundle(model, list(labels), columns, {"name": "librosa", "settings": {}}, {"seed": 0})


def fitted(name: str, labels: tuple[str, ...], *, synthetic: int = 0) -> bundle.Bundle:
    """A bundle of a model that was trained on the rows of the labels, which are the same in any order of the labels."""
    return bundled(kept_model(name, tuple(sorted(labels)), synthetic), labels)


def values_of(made: bundle.Bundle) -> np.ndarray:
    """Rows outside the training rows, near and far."""
    return np.random.default_rng(5).normal(0, 2, (200, len(made.columns))).astype(np.float32)


def exported(made: bundle.Bundle, folder: Path) -> Path:
    return export.exported(made, described(made), folder)["onnx"]


@pytest.fixture(scope="module")
def svm(tmp_path_factory: pytest.TempPathFactory) -> tuple[bundle.Bundle, Path]:
    """A support vector machine for eight labels, and the folder of its export."""
    made = fitted("svm", EIGHT)
    return made, exported(made, tmp_path_factory.mktemp("onnx"))


@pytest.mark.parametrize(
    "labels", [TWO, TWO[::-1], EIGHT, EIGHT[3:] + EIGHT[:3]], ids=["2", "2 turned", "8", "8 turned"]
)
@pytest.mark.parametrize("name", SETTINGS)
def test_the_probabilities_are_those_of_the_bundle(name: str, labels: tuple[str, ...], tmp_path: Path) -> None:
    made = fitted(name, labels)
    expected = made.of_values(values_of(made))
    found = bundle.load(exported(made, tmp_path)).of_values(values_of(made))
    assert np.ptp(expected, axis=0).min() > 0.02  # for every label
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert found.dtype == np.float64


@pytest.mark.parametrize("name", SETTINGS)
def test_the_exported_model_is_the_one_that_was_trained_on_synthetic_rows_too(name: str, tmp_path: Path) -> None:
    """scikit-learn's calibration contains the model of the real rows; the stage fits it again to all rows."""
    real = fitted(name, EIGHT)
    made = fitted(name, EIGHT, synthetic=40)
    found = bundle.load(exported(made, tmp_path)).of_values(values_of(made))
    np.testing.assert_allclose(found, made.of_values(values_of(made)), rtol=0, atol=1e-5)
    assert np.abs(found - real.of_values(values_of(made))).max() > 0.01


@pytest.mark.parametrize("name", ["svm", "random_forest"])
def test_a_model_of_unbalanced_rows_is_exported(name: str, tmp_path: Path) -> None:
    rows, speaker = rows_of(EIGHT)
    kept = (rows["emotion"] != "sad") | rows["utterance"].str.contains("dogs")
    made = bundled(model_of(name, rows[kept].reset_index(drop=True), speaker[kept].reset_index(drop=True)), EIGHT)
    found = bundle.load(exported(made, tmp_path)).of_values(values_of(made))
    np.testing.assert_allclose(found, made.of_values(values_of(made)), rtol=0, atol=1e-5)


def test_a_saved_bundle_is_exported_like_the_one_in_memory(tmp_path: Path) -> None:
    made = fitted("svm", EIGHT, synthetic=40)
    bundle.save(made, tmp_path / "fold_0")
    loaded = bundle.load(tmp_path / "fold_0")
    found = bundle.load(exported(loaded, tmp_path)).of_values(values_of(made))
    np.testing.assert_allclose(found, made.of_values(values_of(made)), rtol=0, atol=1e-5)


def test_0_1_and_many_rows_are_predicted(svm: tuple[bundle.Bundle, Path]) -> None:
    model, values = bundle.load(svm[1]), values_of(svm[0])
    together = model.of_values(values)
    np.testing.assert_allclose(model.of_values(values[7:8]), together[7:8], atol=1e-7)
    assert model.of_values(values[:0]).shape == (0, 8)


def test_a_process_that_has_no_scikit_learn_predicts_the_same_and_is_silent(
    svm: tuple[bundle.Bundle, Path], tmp_path: Path
) -> None:
    made, folder = svm
    np.save(tmp_path / "values.npy", values_of(made))
    script = """
import sys
from pathlib import Path
import numpy
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("sklearn", "skops", "skl2onnx", "onnx", "tensorflow", "keras", "pandas", "scipy"):
            raise ImportError(name + " is not here")
sys.meta_path.insert(0, Forbidden())
from ser.models import bundle
numpy.save("found.npy", bundle.load(Path(sys.argv[1])).of_values(numpy.load("values.npy")))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), made.of_values(values_of(made)), atol=1e-5)


def test_a_file_names_its_input_and_its_one_output(svm: tuple[bundle.Bundle, Path]) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(svm[1] / bundle.ONNX, providers=["CPUExecutionProvider"])
    assert [(one.name, one.shape[1:], one.type) for one in session.get_inputs()] == [
        ("features", [len(svm[0].columns)], "tensor(float)")
    ]
    assert [(one.name, one.shape[1:]) for one in session.get_outputs()] == [("probabilities", [8])]


# refusals


@pytest.mark.parametrize("damage", ["empty", "text", "cut short"])
def test_a_damaged_file_is_refused_with_the_remedy(
    damage: str, svm: tuple[bundle.Bundle, Path], tmp_path: Path
) -> None:
    folder = copy_of(svm[1], tmp_path / "copy")
    content = (folder / bundle.ONNX).read_bytes()
    spoiled = {"empty": b"", "text": b"no model", "cut short": content[: len(content) // 2]}[damage]
    (folder / bundle.ONNX).write_bytes(spoiled)
    with pytest.raises(
        ValueError, match=r"model\.onnx (cannot be loaded \(.+\)|has .*wanted features).*; export it anew"
    ):
        bundle.load(folder)


def test_a_model_of_other_labels_is_refused_with_the_remedy(svm: tuple[bundle.Bundle, Path]) -> None:
    with pytest.raises(ValueError, match=r"model\.onnx has .*8.*; wanted features and 3 probabilities; export it anew"):
        onnx.loaded(svm[1] / bundle.ONNX, ["neutral", "happy", "sad"])


def test_a_missing_runtime_is_named_with_the_remedy(
    svm: tuple[bundle.Bundle, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    message = f"needs onnxruntime, which is not installed; {re.escape(extras.remedy('onnx'))}"
    with pytest.raises(ValueError, match=message):
        bundle.load(svm[1])


@pytest.mark.parametrize("module", ["skl2onnx", "onnx"])
def test_a_missing_converter_is_named_with_the_remedy_and_nothing_is_written(
    module: str, svm: tuple[bundle.Bundle, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        ValueError, match=f"ONNX needs .*, which is not installed; {re.escape(extras.remedy('export'))}"
    ):
        exported(svm[0], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_rows_of_another_length_are_refused_with_both_lengths_and_the_remedy(svm: tuple[bundle.Bundle, Path]) -> None:
    message = r"shape \(5,\), and the model was trained on \(6,\); extract them with the model's settings"
    with pytest.raises(ValueError, match=message):
        bundle.load(svm[1]).of_values(np.zeros((2, 5), np.float32))


def small_onnx(path: Path, *, added: str) -> Path:
    """A file of a few hundred bytes that adds to the features: nothing but NaN, or the sum of a matrix of 14 GB."""
    from onnx import TensorProto, helper, numpy_helper

    size = np.array([60_000, 60_000], np.int64)
    constants = {"size": size, "nan": np.float32([np.nan])}
    nodes = [
        helper.make_node("ConstantOfShape", ["size"], ["matrix"]),
        helper.make_node("ReduceSum", ["matrix"], ["sum"], keepdims=1),
        helper.make_node("Add", ["features", added], ["probabilities"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in ("features", "probabilities")]
    arrays = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes if added == "sum" else nodes[2:], "graph", ends[:1], ends[1:], arrays)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(made.SerializeToString())
    return path


def test_outputs_that_are_no_numbers_are_an_error(tmp_path: Path) -> None:
    model = onnx.loaded(small_onnx(tmp_path / "model.onnx", added="nan"), ["neutral", "angry"])
    with pytest.raises(ValueError, match=r"outputs are not probabilities .*nan"):
        model.predict_proba(np.zeros((1, 2), np.float32))


def test_a_small_file_that_asks_for_much_memory_is_refused(tmp_path: Path) -> None:
    model = onnx.loaded(small_onnx(tmp_path / "model.onnx", added="sum"), ["neutral", "angry"])
    with pytest.raises(ValueError, match=r"the model cannot predict \(.*memory.*\); export it anew"):
        model.predict_proba(np.zeros((1, 2), np.float32))
