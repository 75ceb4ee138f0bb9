"""Encoder of Whisper with 8-bit weights, by LiteRT: against single precision, in any length, in any process."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from ser.features.encoders import whisper_layers, whisper_weights
from ser.features.encoders.whisper_files import LITERT, PACKAGED
from ser.features.encoders.whisper_litert import LiteRTStates, sinusoids
from ser.features.encoders.whisper_spectra import log_mel_spectra
from ser.features.encoders.whisper_weights import Array, Weights
from tests.support import small_whisper
from tests.support.paths import ROOT
from tests.support.synthesis import speech_like

BASE = Path(os.environ.get("SER_ENCODERS", ""), "whisper_base/model.safetensors")
PATH = PACKAGED / "whisper_tiny_int8" / LITERT
IN_A_PROCESS = """
import sys
import numpy as np
from tests.features.test_whisper_litert import packaged, spectra
np.save(sys.argv[1], packaged()(spectra(1.3), [3])[0])
"""


def packaged(highest: int = 3) -> LiteRTStates:
    return LiteRTStates(PATH, highest=highest, setting="whisper.layers")


def spectra(duration: float) -> Array:
    return log_mel_spectra(speech_like(0, duration, 16_000))


@pytest.fixture(scope="module")
def states() -> LiteRTStates:
    return packaged()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """A random encoder with Whisper's positions."""
    path = tmp_path_factory.mktemp("small") / "model.safetensors"
    positions = sinusoids(small_whisper.N_POSITIONS, small_whisper.WIDTH)
    save_file(small_whisper.tensors() | {"model.encoder.embed_positions.weight": positions}, path)
    return whisper_weights.read(path)


@pytest.mark.slow  # TensorFlow converts
def test_states_in_8_bits_are_close_to_those_of_single_precision(tmp_path: Path, small: Weights) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e '.[train]'")
    from tools import pack_encoder

    (tmp_path / LITERT).write_bytes(pack_encoder.converted(small))
    numbers = [3, 0, 1]
    for duration in (1.3, 0.51):
        found = LiteRTStates(tmp_path / LITERT, highest=3, setting="")(spectra(duration), numbers)
        exact = whisper_layers.NumpyStates(small)(spectra(duration), numbers)
        for one, other in zip(found, exact, strict=True):
            assert one.shape == other.shape
            assert 0 < np.abs(one - other).mean() < 0.03 * other.std()


@pytest.mark.slow
def test_an_encoder_with_other_positions_is_not_packed(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e '.[train]'")
    from tools import pack_encoder

    folder = small_whisper.written(tmp_path)
    with pytest.raises(ValueError, match="other positions than Whisper's sinusoids; pack one of Whisper"):
        pack_encoder.converted(whisper_weights.read(folder / "model.safetensors"))


@pytest.mark.parametrize(("n_samples", "n_frames"), [(0, 2), (400, 2), (480, 3), (16_001, 100), (480_000, 3000)])
def test_a_recording_of_any_length_has_a_state_every_20_ms(n_samples: int, n_frames: int, states: LiteRTStates) -> None:
    waveform = speech_like(0, 30.0, 16_000)[:n_samples]
    found, again = states(log_mel_spectra(waveform), [1, 1])
    assert found.shape == ((n_frames + 1) // 2, 384)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, again)


def test_no_bit_depends_on_the_call_before_nor_on_threads(states: LiteRTStates) -> None:
    several = [spectra(0.3 + 0.2 * k) for k in range(4)]
    alone = [packaged()(one, [3])[0] for one in several]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: states(one, [3])[0], [*several, *several]))
    for one, other in zip([*alone, *alone], together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_bit_depends_on_the_process_nor_on_its_cores(tmp_path: Path, states: LiteRTStates) -> None:
    """The other process may use one core only."""
    script = f"import os; os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}}){IN_A_PROCESS}"
    path = tmp_path / "states.npy"
    subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, check=True)
    np.testing.assert_array_equal(np.load(path), states(spectra(1.3), [3])[0])


def test_a_file_that_is_damaged_and_a_layer_that_it_lacks_are_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / LITERT
    for content in (b"", PATH.read_bytes()[:5000]):
        path.write_bytes(content)
        with pytest.raises(whisper_weights.Unavailable, match=r"model.tflite cannot be read \(.+\); install ser anew"):
            LiteRTStates(path, highest=3, setting="")
    with pytest.raises(whisper_weights.Unavailable, match=r"layers asks for layer 4, and .* has 3; choose from 0"):
        packaged(highest=4)


@pytest.mark.skipif(not BASE.is_file(), reason="SER_ENCODERS is not set, or has no whisper_base")
def test_the_packaged_base_encoder_begins_as_published_and_its_layers_were_trained_further() -> None:
    published = whisper_layers.NumpyStates(whisper_weights.read(BASE, n_layers=3, setting=""))
    packed = LiteRTStates(PACKAGED / "whisper_base_emotion_int8" / LITERT, highest=3, setting="")
    for duration in (0.7, 1.3, 2.0):
        before, after = (run(spectra(duration), [0, 3]) for run in (published, packed))
        first, third = (np.corrcoef(old.ravel(), new.ravel())[0, 1] for old, new in zip(before, after, strict=True))
        assert first > 0.9999
        assert 0.7 < third < 0.95
