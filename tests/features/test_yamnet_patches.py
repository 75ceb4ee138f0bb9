"""YAMNet's patches: what is in them, by librosa and by hand; against the published model in test_yamnet.py."""

import librosa
import numpy as np
import numpy.typing as npt
import pytest

from ser.features.yamnet.patches import PATCH_LENGTH, PATCH_STEP, patches
from tests.support.synthesis import tone

SECOND = 16_000


def noise(n_samples: int, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, n_samples).astype(np.float32)


def test_a_patch_is_of_96_windows_of_25_ms_every_10_ms() -> None:
    assert PATCH_LENGTH == 95 * 160 + 400
    assert PATCH_STEP == 0.48 * SECOND


@pytest.mark.parametrize(
    ("n_samples", "n_patches"),
    [(0, 1), (1600, 1), (15_600, 1), (15_601, 2), (23_280, 2), (23_281, 3), (10 * SECOND, 20)],
)
def test_every_sample_is_in_a_patch_and_the_last_one_is_filled_up(n_samples: int, n_patches: int) -> None:
    found = patches(noise(n_samples))
    assert found.shape == (n_patches, 96, 64)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous


def test_the_spectrum_is_librosas_and_the_bands_are_triangles_in_mel() -> None:
    waveform = noise(PATCH_LENGTH)
    # librosa puts the window in the middle of what it transforms, TensorFlow at its start
    shifted = np.pad(waveform, (512 - 400) // 2)
    magnitude = np.abs(librosa.stft(shifted, n_fft=512, win_length=400, hop_length=160, center=False))
    edges = np.linspace(*librosa.hz_to_mel([125, 7500], htk=True), 66)
    bins = librosa.hz_to_mel(librosa.fft_frequencies(sr=SECOND, n_fft=512), htk=True)
    bands = [np.interp(bins, edges[k : k + 3], [0, 1, 0]) @ magnitude for k in range(64)]
    np.testing.assert_allclose(patches(waveform)[0], np.log(np.transpose(bands) + 0.001), atol=2e-5)


def test_half_of_a_patch_is_in_the_next_one() -> None:
    found = patches(noise(3 * SECOND))
    np.testing.assert_array_equal(found[:-1, 48:], found[1:, :48])


def test_silence_is_the_logarithm_of_the_offset() -> None:
    np.testing.assert_array_equal(patches(np.zeros(SECOND, np.float32)), np.log(np.float32(0.001)))


@pytest.mark.parametrize("band", [5, 20, 48])
def test_a_tone_in_the_middle_of_a_band_is_loudest_there(band: int) -> None:
    edges = np.linspace(*1127 * np.log(1 + np.array([125, 7500]) / 700), 66)
    middle = 700 * (np.exp(edges[band + 1] / 1127) - 1)
    assert set(patches(tone(middle, 0.975))[0].argmax(axis=1)) == {band}
