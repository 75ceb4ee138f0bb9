"""Spectra and hidden states of Whisper: against transformers and Keras, in any length."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ser.features.encoders import whisper_weights
from ser.features.encoders.whisper_layers import NumpyStates
from ser.features.encoders.whisper_spectra import log_mel_spectra
from tests.support import small_whisper
from tests.support.synthesis import Waveform, speech_like

N_SAMPLES = 16_000 * small_whisper.CHUNK


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_whisper.written(tmp_path_factory.mktemp("whisper") / "small")


@pytest.fixture(scope="module")
def states(folder: Path) -> NumpyStates:
    return NumpyStates(whisper_weights.read(folder / "model.safetensors"))


def of_transformers() -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install -e '.[ssl]'")
    pytest.importorskip("transformers", reason="transformers is not installed: pip install -e '.[ssl]'")


def recording(duration: float = 1.3) -> Waveform:
    return speech_like(0, duration, 16_000)


@pytest.mark.parametrize("waveform", [recording(), recording(2.5), 1e-3 * recording(), np.zeros(8000, np.float32)])
def test_padded_spectra_are_those_of_transformers(waveform: Waveform) -> None:
    of_transformers()
    expected = small_whisper.spectra_of_transformers(waveform, chunk=3)
    np.testing.assert_allclose(log_mel_spectra(waveform, n_samples=48_000), expected, rtol=0, atol=1e-4)


def test_unpadded_spectra_are_those_of_the_recording_alone() -> None:
    """But for the last frames, whose window reaches beyond the end: it is reflected, and not followed by zeros."""
    waveform = recording()
    alone, padded = log_mel_spectra(waveform), log_mel_spectra(waveform, n_samples=N_SAMPLES)
    assert (alone.shape, padded.shape) == ((80, 130), (80, 200))
    np.testing.assert_allclose(alone[:, :128], padded[:, :128], rtol=0, atol=1e-6)
    assert np.abs(alone[:, 129] - padded[:, 129]).max() > 0.01


@pytest.mark.parametrize(("n_samples", "n_frames"), [(0, 2), (1, 2), (399, 2), (400, 2), (480, 3), (16_001, 100)])
def test_a_frame_is_10_ms_and_there_is_one_window_at_least(n_samples: int, n_frames: int, states: NumpyStates) -> None:
    spectra = log_mel_spectra(recording()[:n_samples])
    assert spectra.shape == (80, n_frames)
    (found,) = states(spectra, [1])
    assert found.shape == ((n_frames + 1) // 2, small_whisper.WIDTH)
    assert np.isfinite(found).all()
    assert found.dtype == np.float32


@pytest.mark.parametrize("n_samples", [N_SAMPLES, None])
def test_states_are_those_of_transformers(folder: Path, states: NumpyStates, n_samples: int | None) -> None:
    """Padded, and of the recording alone."""
    of_transformers()
    spectra = log_mel_spectra(recording(), n_samples=n_samples)
    expected = small_whisper.states_of_transformers(folder, spectra)
    found = states(spectra, range(4))
    assert np.std(expected) > 0.5
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.slow
@pytest.mark.real
def test_states_of_the_published_weights_are_those_of_transformers() -> None:
    of_transformers()
    folder = Path(os.environ.get("SER_ENCODERS", ""), "whisper_base")
    if not (folder / "model.safetensors").is_file():
        pytest.skip("SER_ENCODERS is not set, or has no whisper_base")
    spectra = log_mel_spectra(recording(3.7), n_samples=480_000)
    np.testing.assert_allclose(spectra, small_whisper.spectra_of_transformers(recording(3.7), chunk=30), atol=1e-4)
    expected = small_whisper.states_of_transformers(folder, spectra)
    found = NumpyStates(whisper_weights.read(folder / "model.safetensors"))(spectra, range(7))
    # a value of layer 4 is -218, and its error in single precision is 0.002 in transformers, too
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_only_the_first_layers_are_read_and_computed(folder: Path, states: NumpyStates) -> None:
    few = whisper_weights.read(folder / "model.safetensors", n_layers=2)
    assert (len(few.layers), few.norm) == (2, None)
    spectra = log_mel_spectra(recording())
    every = states(spectra, [0, 1, 2, 3])
    second, first = NumpyStates(few)(spectra, [2, 0])
    np.testing.assert_array_equal(second, every[2])
    np.testing.assert_array_equal(first, every[0])


def test_no_bit_depends_on_the_call_before_nor_on_threads(states: NumpyStates) -> None:
    spectra = [log_mel_spectra(recording(0.3 + 0.2 * k)) for k in range(4)]
    alone = [states(one, [3])[0] for one in spectra]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: states(one, [3])[0], spectra))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


# files


def test_half_precision_and_every_prefix_are_read(tmp_path: Path, folder: Path) -> None:
    from safetensors.numpy import save_file

    half = {name.removeprefix("model."): value.astype(np.float16) for name, value in small_whisper.tensors().items()}
    save_file(half, tmp_path / "model.safetensors")
    found = whisper_weights.read(tmp_path / "model.safetensors").layers[1].expand.kernel
    expected = whisper_weights.read(folder / "model.safetensors").layers[1].expand.kernel
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected.astype(np.float16))


def test_a_file_that_is_no_encoder_is_refused_with_the_remedy(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "model.safetensors"
    with pytest.raises(whisper_weights.Unavailable, match=r"model.safetensors cannot be read .*; fetch it anew"):
        whisper_weights.read(path)
    path.write_bytes((folder / "model.safetensors").read_bytes()[:5000])
    with pytest.raises(whisper_weights.Unavailable, match=r"model.safetensors cannot be read .*; fetch it anew"):
        whisper_weights.read(path)
    small_whisper.written(tmp_path, without="model.encoder.conv1.weight")
    with pytest.raises(whisper_weights.Unavailable, match="so it holds no encoder of Whisper"):
        whisper_weights.read(path)
    small_whisper.written(tmp_path, without="model.encoder.layers.1.fc1.bias")
    with pytest.raises(whisper_weights.Unavailable, match=r"has no model\.encoder\.layers\.1\.fc1\.bias; fetch it"):
        whisper_weights.read(path)
    with pytest.raises(whisper_weights.Unavailable, match=r"layers asks for layer 4, and .* has 3; choose from 0"):
        whisper_weights.read(folder / "model.safetensors", n_layers=4)
    with pytest.raises(whisper_weights.Unavailable, match=r"tflite holds no weights that can be trained; .*=tiny"):
        whisper_weights.read(tmp_path / "model.tflite")
