"""Networks in LiteRT's format: loading, refusals, and several threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ser.core import bounds, files
from ser.models import bundle, calibration, litert
from ser.serving import export
from tests.support.bundles import LABELS, with_network

VALUES = np.random.default_rng(0).normal(size=(24, 24, 30)).astype(np.float32)


@pytest.fixture(scope="module")
def made() -> bundle.Bundle:
    return with_network("cnn", filters=[4], dense_units=8)


@pytest.fixture(scope="module")
def path(made: bundle.Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of a small network for four labels."""
    folder = tmp_path_factory.mktemp("litert")
    export.NETWORKS["litert"](made, folder)
    return folder / bundle.LITERT


def test_the_temperature_is_an_argument_of_loading(path: Path, made: bundle.Bundle) -> None:
    raw = np.asarray(made.model.network(VALUES), np.float64)
    np.testing.assert_allclose(litert.loaded(path, LABELS, 1.0).predict_proba(VALUES), raw, atol=1e-5)
    root = np.sqrt(raw)
    expected = root / root.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(litert.loaded(path, LABELS, 2.0).predict_proba(VALUES), expected, atol=1e-5)


def test_rows_are_predicted_independently(path: Path) -> None:
    model = litert.loaded(path, LABELS, 1.0)
    together = model.predict_proba(VALUES)
    np.testing.assert_array_equal(model.predict_proba(VALUES[::-1])[::-1], together)
    np.testing.assert_array_equal(model.predict_proba(VALUES[5:6]), together[5:6])
    assert model.predict_proba(VALUES[:0]).shape == (0, 4)


def test_earlier_results_are_not_overwritten(path: Path) -> None:
    """No result is a view of memory that the next call overwrites."""
    model = litert.loaded(path, LABELS, 1.0)
    first = model.predict_proba(VALUES[:1])
    kept = first.copy()
    model.predict_proba(VALUES[1:])
    np.testing.assert_array_equal(first, kept)


def test_threads_that_share_a_network_get_their_own_results(path: Path) -> None:
    model = litert.loaded(path, LABELS, 0.7)
    expected = model.predict_proba(VALUES)
    assert len({tuple(row) for row in expected.round(6).tolist()}) == len(VALUES)  # every row has a different result
    chosen = np.random.default_rng(1).integers(0, len(VALUES), 600)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda k: model.predict_proba(VALUES[k : k + 1])[0], chosen))
    np.testing.assert_array_equal(found, expected[chosen])


@pytest.mark.parametrize("shape", [(24, 31), (30, 24), (24, 30, 1), (720,)])
def test_rows_of_another_shape_are_refused_with_both_shapes_and_the_remedy(path: Path, shape: tuple[int, ...]) -> None:
    model = litert.loaded(path, LABELS, 1.0)
    found = str(shape).replace("(", r"\(").replace(")", r"\)")
    message = rf"rows of shape {found}, and the model was trained on \(24, 30\); extract them with the model's settings"
    with pytest.raises(ValueError, match=message):
        model.predict_proba(np.zeros((2, *shape), np.float32))


@pytest.mark.parametrize("labels", [LABELS[:3], [*LABELS, "calm"]], ids=["3", "5"])
def test_a_network_of_another_number_of_labels_is_refused_with_both_and_the_remedy(
    path: Path, labels: list[str]
) -> None:
    wanted = rf"one output of shape \(1, {len(labels)}\); export it anew"
    with pytest.raises(
        ValueError, match=rf"model\.tflite has 1 inputs and outputs of shape .*4.* wanted one input.*{wanted}"
    ):
        litert.loaded(path, labels, 1.0)


@pytest.mark.parametrize("damage", ["empty", "text", "cut short", "half", "another format"])
def test_a_damaged_file_is_refused_with_the_remedy(damage: str, path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    spoiled = {
        "empty": b"",
        "text": b"version https://git-lfs.github.com/spec/v1\n" * 3,
        "cut short": content[:-1000],
        "half": content[: len(content) // 2],
        "another format": b"PK\x03\x04" + content,
    }[damage]
    (tmp_path / bundle.LITERT).write_bytes(spoiled)
    with pytest.raises(ValueError, match=r"model\.tflite cannot be loaded \(.+\); export it anew"):
        litert.loaded(tmp_path / bundle.LITERT, LABELS, 1.0)


def test_an_exported_bundle_without_a_temperature_is_damaged(path: Path, tmp_path: Path) -> None:
    (tmp_path / bundle.LITERT).write_bytes(path.read_bytes())
    description = {"format": bundle.FORMAT, "labels": LABELS, "columns": []}
    description["representation"] = {"name": "log_mel", "settings": {}}
    files.write_json(tmp_path / bundle.DESCRIPTION, description)
    with pytest.raises(ValueError, match=r"bundle\.json is damaged: temperature is missing; get an intact copy"):
        bundle.load(tmp_path)


def test_a_path_with_letters_of_other_languages_is_found(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Stimmung größer 情感"
    folder.mkdir()
    (folder / bundle.LITERT).write_bytes(path.read_bytes())
    found = litert.loaded(folder / bundle.LITERT, LABELS, 1.0).predict_proba(VALUES[:2])
    np.testing.assert_allclose(found, litert.loaded(path, LABELS, 1.0).predict_proba(VALUES[:2]))


def test_probabilities_are_softened_by_the_function_of_networks(path: Path) -> None:
    raw = litert.loaded(path, LABELS, 1.0).predict_proba(VALUES)
    np.testing.assert_allclose(
        litert.loaded(path, LABELS, 0.3).predict_proba(VALUES), calibration.softened(raw, 0.3), atol=1e-6
    )


def forged(path: Path, target: Path, change: Callable[[Any, Any], object]) -> Path:
    """A copy of a file after `change` of its network and its model, which holds the arrays."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes())
    change(model.subgraphs[0], model)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    target.write_bytes(bytes(builder.Output()))
    return target


def test_outputs_that_are_no_numbers_are_an_error(path: Path, tmp_path: Path) -> None:
    def to_nan(network: Any, model: Any) -> None:
        for tensor in network.tensors:
            data = model.buffers[tensor.buffer].data
            if data is not None and len(data) and tensor.type == 0:  # single precision
                model.buffers[tensor.buffer].data = np.full(len(data) // 4, np.nan, np.float32).view(np.uint8)

    model = litert.loaded(forged(path, tmp_path / "model.tflite", to_nan), LABELS, 1.0)
    with pytest.raises(ValueError, match=r"outputs are not probabilities .*nan"):
        model.predict_proba(VALUES[:1])


def test_tensors_that_declare_too_much_are_refused_before_memory_is_taken(path: Path, tmp_path: Path) -> None:
    def widen(network: Any, model: Any) -> None:
        inner = next(one for one in network.tensors if len(one.shape) == 4 and model.buffers[one.buffer].data is None)
        inner.shape = [*inner.shape[:-1], 2**24]

    with pytest.raises(ValueError, match=r"model\.tflite cannot be loaded \(it holds \d+ MiB .*; export it anew"):
        litert.loaded(forged(path, tmp_path / "model.tflite", widen), LABELS, 1.0)


def test_a_file_that_is_too_large_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_SIZE", 2**10)
    monkeypatch.setattr("ai_edge_litert.interpreter.Interpreter", None)
    with pytest.raises(ValueError, match=r"model\.tflite cannot be loaded \(it holds 0 MiB"):
        litert.loaded(path, LABELS, 1.0)


def test_an_operation_that_fails_is_an_error_with_the_remedy(path: Path, tmp_path: Path) -> None:
    def lose_weights(network: Any, model: Any) -> None:
        weights = network.tensors[network.operators[-2].inputs[1]]
        weights.buffer = 0  # without values

    path = forged(path, tmp_path / "model.tflite", lose_weights)
    with pytest.raises(ValueError, match=r"the network cannot predict \(.+\); export it anew"):
        litert.loaded(path, LABELS, 1.0).predict_proba(VALUES[:1])
