"""YAMNet's spectra around the speech: where they are cut, how loud they are, odd waveforms."""

import numpy as np
import pytest
import yaml

from ser.features.yamnet.patches import log_mel_spectra, patches
from ser.features.yamnet.yamnet_bands import yamnet_bands
from ser.representation.registry import extractor
from tests.support.paths import CONF
from tests.support.synthesis import tone

SETTINGS = yaml.safe_load((CONF / "yamnet_bands" / "speech_256.yaml").read_text())
RATE, N_FRAMES = 16_000, 256
SILENCE = np.log(0.001)


def bands(waveform: np.ndarray, sample_rate: int = RATE, **changes: float) -> np.ndarray:
    return yamnet_bands(waveform.astype(np.float32), sample_rate, **{**SETTINGS, **changes})


def voice(n_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.1, 0.1, n_samples)


def spoken(before: float, speech: float, after: float) -> np.ndarray:
    """Noise between two silences, in seconds."""
    lengths = [round(RATE * seconds) for seconds in (before, speech, after)]
    return np.concatenate([np.zeros(lengths[0]), voice(lengths[1]), np.zeros(lengths[2])])


def with_sound(found: np.ndarray) -> np.ndarray:
    """Frames that are not silent."""
    return np.flatnonzero(found.max(axis=0) > SILENCE + 0.01)


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.0), (1.0, 0.2), (0.1, 3.0), (4.0, 4.0)])
def test_the_speech_is_in_the_middle_wherever_it_was(before: float, after: float) -> None:
    found = bands(spoken(before, 1.5, after))
    assert found.shape == (64, N_FRAMES)
    assert found.dtype == np.float32
    frames = with_sound(found)
    assert frames.size == pytest.approx(150, abs=4)
    assert (frames[0] + frames[-1]) / 2 == pytest.approx(N_FRAMES / 2, abs=3)


def test_of_speech_longer_than_the_frames_the_middle_is_kept() -> None:
    waveform = np.concatenate([voice(RATE), 0.1 * np.sin(2 * np.pi * 500 / RATE * np.arange(3 * RATE)), voice(RATE)])
    expected = bands(waveform[RATE:-RATE], n_frames=100)
    found = bands(waveform, n_frames=100)
    np.testing.assert_allclose(found.argmax(axis=0), expected.argmax(axis=0), atol=1)


def test_a_recording_that_is_shorter_than_a_frame_is_between_silences() -> None:
    found = bands(voice(200))
    assert with_sound(found).size == 1
    assert found.shape == (64, N_FRAMES)


@pytest.mark.parametrize("n_samples", [0, 1, 399, 16_000])
def test_silence_is_silent(n_samples: int) -> None:
    np.testing.assert_allclose(bands(np.zeros(n_samples)), SILENCE, atol=1e-6)


@pytest.mark.parametrize("gain", [0.03, 0.5, 8.0])
def test_how_loud_it_was_recorded_does_not_matter(gain: float) -> None:
    waveform = tone(440, 1.5)
    np.testing.assert_allclose(bands(gain * waveform), bands(waveform), atol=1e-3)


def test_the_loud_parts_get_the_level_that_is_set() -> None:
    """A constant tone has the same level everywhere: its spectra are those of a tone of -10 dB."""
    waveform = tone(1000, 2.56)
    level = 10 ** (-10 / 20) * np.sqrt(2)  # the amplitude of a sine of that root mean square
    expected = log_mel_spectra((waveform / np.abs(waveform).max() * level).astype(np.float32))
    found = bands(waveform)[:, 20:220]
    np.testing.assert_allclose(found.max(axis=0), expected.max(), atol=0.02)
    quieter = bands(waveform, level=-30.0)[:, 20:220]
    np.testing.assert_allclose(found.max(axis=0) - quieter.max(axis=0), np.log(10), atol=0.02)


def test_the_noise_of_a_silent_room_is_not_made_a_voice() -> None:
    """-165 dB relative to full scale: below the step of 24 bits."""
    assert bands(voice(RATE) * 1e-8).max() < SILENCE + 1
    assert bands(voice(RATE) * 1e-3).max() > SILENCE + 5


def test_whole_patches_are_equal_to_the_patches_of_yamnet() -> None:
    """A waveform that fills the frames and has the level of the setting gives the values of YAMNet's patch."""
    waveform = voice(15_600).astype(np.float32)
    frames = waveform[:15_600].reshape(-1, 400)
    level = 20 * np.log10(np.percentile(np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1)), 90))
    np.testing.assert_allclose(bands(waveform, n_frames=96, level=level), patches(waveform)[0].T, atol=1e-4)


def test_a_recording_at_another_rate_is_with_sound_alike() -> None:
    one, other = (bands(tone(1000, 2.0, sample_rate=rate), rate) for rate in (16_000, 48_000))
    np.testing.assert_allclose(one[:, 60:190].max(axis=0), other[:, 60:190].max(axis=0), atol=0.05)


def test_a_waveform_in_double_precision_is_with_sound_alike_in_single() -> None:
    waveform = voice(RATE)
    found = bands(waveform.astype(np.float64))
    assert found.dtype == bands(waveform).dtype == np.float32
    np.testing.assert_allclose(found, bands(waveform), atol=1e-3)


def test_what_is_served_is_what_is_extracted() -> None:
    waveform = tone(300, 1.0)
    np.testing.assert_array_equal(extractor("yamnet_bands", SETTINGS, [])(waveform, RATE), bands(waveform))
