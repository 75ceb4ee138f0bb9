"""YAMNet's network: how it is called, kept and converted; what it computes is in test_yamnet.py."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from ser.features.yamnet import hub, network
from ser.features.yamnet.network import BATCH, Network, Unavailable, loaded
from ser.features.yamnet.patches import Array

HANDLE = "https://tfhub.dev/google/yamnet/1"


class Interpreter:
    """Stand-in for LiteRT's interpreter, with a network that repeats the sum of a patch."""

    asked: ClassVar[list[Array]] = []

    def __init__(self, model_content: bytes, num_threads: int) -> None:
        assert num_threads == 1
        self.content = model_content
        self.output = np.full((BATCH, 1024), np.nan, np.float32)

    def allocate_tensors(self) -> None:
        """Nothing to do."""

    def get_input_details(self) -> list[dict[str, int]]:
        return [{"index": 3}]

    def get_output_details(self) -> list[dict[str, int]]:
        return [{"index": 5}]

    def set_tensor(self, index: int, value: Array) -> None:
        assert (index, value.shape, value.dtype) == (3, (BATCH, 96, 64, 1), np.float32)
        self.asked.append(value)

    def invoke(self) -> None:
        self.output[:] = self.asked[-1].sum(axis=(1, 2))

    def get_tensor(self, index: int) -> Array:
        assert index == 5
        return self.output


@pytest.fixture
def interpreter(monkeypatch: pytest.MonkeyPatch) -> type[Interpreter]:
    monkeypatch.setattr("ai_edge_litert.interpreter.Interpreter", Interpreter)
    monkeypatch.setattr(Interpreter, "asked", [])
    return Interpreter


@pytest.mark.parametrize("n_patches", [0, 1, BATCH - 1, BATCH, BATCH + 1, 5 * BATCH + 2])
def test_any_number_of_patches_is_embedded_by_calls_of_one_shape(
    interpreter: type[Interpreter], n_patches: int
) -> None:
    patches = np.random.default_rng(0).normal(size=(n_patches, 96, 64)).astype(np.float32)
    found = Network(b"")(patches)
    expected = np.repeat(patches.sum(axis=(1, 2))[:, np.newaxis], 1024, axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    assert found.shape == (n_patches, 1024)
    assert len(interpreter.asked) == -(-n_patches // BATCH)
    given = np.concatenate([*interpreter.asked, np.empty((0, 96, 64, 1))])[..., 0]
    np.testing.assert_array_equal(given[:n_patches], patches)
    assert not given[n_patches:].any()  # filled up with zeros


# what is kept


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of networks; and a model in TensorFlow Hub's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "models"))
    hub.folder(HANDLE).joinpath("variables").mkdir(parents=True)
    hub.folder(HANDLE).joinpath("saved_model.pb").write_bytes(b"graph")
    hub.folder(HANDLE).joinpath("variables", "variables.index").write_bytes(b"weights")
    return tmp_path / ".cache" / "ser" / "litert"


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch, interpreter: type[Interpreter]) -> Iterator[list[str]]:
    """Handles of the converted models; their networks are `network 1`, `network 2`, …"""
    done: list[str] = []

    def converted(handle: str) -> bytes:
        done.append(handle)
        return f"network {len(done)}".encode()

    monkeypatch.setattr(network, "_converted_elsewhere", converted)
    yield done
    loaded.cache_clear()


def content() -> bytes:
    """Content of the network that a new process loads."""
    loaded.cache_clear()
    found: bytes = loaded(HANDLE)._interpreter.content
    return found


def test_a_model_is_converted_once_and_loaded_once_in_a_process(cache: Path, conversions: list[str]) -> None:
    loaded.cache_clear()
    assert loaded(HANDLE) is loaded(HANDLE)
    assert content() == content() == b"network 1"
    assert conversions == [HANDLE]
    assert [path.suffix for path in cache.iterdir()] == [".tflite"]  # and nothing unfinished


@pytest.mark.parametrize("damage", [b"", b"network", b"netwerk 1" + bytes(16), bytes(100)])
def test_a_damaged_network_is_made_anew(cache: Path, conversions: list[str], damage: bytes) -> None:
    content()
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damage)
    assert content() == b"network 2"
    assert content() == b"network 2"
    assert conversions == [HANDLE] * 2
    assert len(kept.read_bytes()) == len(whole)


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index", "variables/variables.data"])
def test_another_model_in_the_same_folder_is_converted(cache: Path, conversions: list[str], name: str) -> None:
    assert content() == b"network 1"
    (hub.folder(HANDLE) / name).write_bytes(b"of another model")
    assert content() == b"network 2"
    assert len(list(cache.iterdir())) == 2


def test_other_code_or_another_tensorflow_converts_anew(
    cache: Path, conversions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content()
    monkeypatch.setattr(network, "VERSION", network.VERSION + 1)
    assert content() == b"network 2"
    monkeypatch.setattr(network, "version", lambda _: "99.0")
    assert content() == b"network 3"


def test_a_cache_that_cannot_be_written_keeps_nothing_and_is_no_error(cache: Path, conversions: list[str]) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where a folder should be")
    assert content() == b"network 1"
    assert content() == b"network 2"


def test_who_reads_while_others_write_finds_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "network.tflite"
    contents = [bytes([k]) * 300_000 for k in range(8)]

    def kept(k: int) -> bytes | None:
        network._keep(contents[k % 8], path)
        return network._kept(path)

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(kept, range(200)))
    assert found <= set(contents)
    assert list(tmp_path.iterdir()) == [path]


# what cannot be had or used


def failing(monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, status, "", said)

    monkeypatch.setattr(subprocess, "run", run)


def test_a_model_that_cannot_be_had_is_reported_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    failing(monkeypatch, 1, "TensorFlow talks\nURLError: <urlopen error timed out>\n")
    with pytest.raises(Unavailable, match=r"set TFHUB_CACHE_DIR .* \(URLError: <urlopen error timed out>\)$"):
        loaded("https://tfhub.dev/none")


@pytest.mark.parametrize(
    ("status", "said", "reason"), [(1, "ValueError: no graph", "ValueError: no graph"), (-9, "", "exit status -9")]
)
def test_a_model_that_cannot_be_used_is_reported_with_its_folder(
    cache: Path, monkeypatch: pytest.MonkeyPatch, status: int, said: str, reason: str
) -> None:
    loaded.cache_clear()
    failing(monkeypatch, status, said)
    with pytest.raises(Unavailable, match=rf"{hub.folder(HANDLE)} cannot be used \({reason}\); remove that folder"):
        loaded(HANDLE)
    assert not cache.exists()


@pytest.mark.parametrize(("offset", "accepted"), [(5e-5, True), (2e-4, False), (np.nan, False)])
def test_a_network_that_does_not_embed_as_the_whole_model_is_refused(
    monkeypatch: pytest.MonkeyPatch, offset: float, accepted: bool
) -> None:
    def model(waveform: Array) -> list[Any]:
        return [None, SimpleNamespace(numpy=lambda: np.full((6, 1024), 0.5))]

    monkeypatch.setattr(network, "Network", lambda _: lambda _: np.full((6, 1024), 0.5 + offset))
    if accepted:
        network._check(b"", model)
    else:
        with pytest.raises(ValueError, match="it is not YAMNet: on YAMNet's patches of noise, its embeddings are"):
            network._check(b"", model)


@pytest.mark.slow
def test_the_process_that_converts_says_why_it_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    with pytest.raises(Unavailable, match="set TFHUB_CACHE_DIR"):
        loaded(str(tmp_path / "none"))
    hub.folder(HANDLE).mkdir()
    hub.folder(HANDLE).joinpath("saved_model.pb").write_bytes(b"\0 is no graph")
    with pytest.raises(Unavailable, match=r"cannot be used \(\w+: .*\); remove that folder"):
        loaded(HANDLE)


@pytest.mark.slow
def test_a_saved_model_of_something_else_is_refused(tmp_path: Path) -> None:
    """Another process writes the model, because TensorFlow takes seconds to import, and warns."""
    script = f"""
import tensorflow
module = tensorflow.Module()
module.__call__ = tensorflow.function(lambda x: x, input_signature=[tensorflow.TensorSpec([None], tensorflow.float32)])
tensorflow.saved_model.save(module, {str(tmp_path / "model")!r})
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    with pytest.raises(Unavailable, match=r"\(ValueError: it is not YAMNet: nothing in it has the shape \[None, 96, "):
        loaded(str(tmp_path / "model"))
