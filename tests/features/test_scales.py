"""Windows, mel bands, decibels and the resampler are librosa's, bit by bit."""

import librosa
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ser.audio import waveforms
from ser.features.spectral import scales
from ser.features.spectral.log_mel import log_mel
from tests.support.synthesis import tone

RATES = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000)
ORDINARY = pytest.mark.filterwarnings("ignore:Empty filters detected:UserWarning")  # librosa's, of many narrow bands


def noise(n_samples: int, *, seed: int = 0, level: float = 0.1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, level, n_samples).astype(np.float32)


@pytest.mark.parametrize("length", [2, 3, 64, 400, 511, 512, 1024, 2048, 4096])
def test_the_window_is_librosas(length: int) -> None:
    np.testing.assert_array_equal(scales.hann(length), librosa.filters.get_window("hann", length, fftbins=True))


@pytest.mark.parametrize("length", [4, 400, 2048])
def test_windows_that_overlap_by_half_add_up_to_one(length: int) -> None:
    window = scales.hann(length)
    np.testing.assert_allclose(window[: length // 2] + window[length // 2 :], 1, rtol=0, atol=1e-15)


@ORDINARY
@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("n_fft", [256, 512, 2048])
@pytest.mark.parametrize("n_mels", [1, 20, 64, 128])
def test_the_mel_bands_are_librosas(sample_rate: int, n_fft: int, n_mels: int) -> None:
    for fmax in (None, 900.0, 1000.0, 3800.0, sample_rate / 2):  # the scale bends at 1000 Hz
        expected = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmax=fmax)
        found = scales.mel_filters(sample_rate, n_fft, n_mels, fmax)
        assert found.dtype == expected.dtype == np.float32
        np.testing.assert_array_equal(found, expected)


def test_a_mel_band_has_the_same_area_as_any_other() -> None:
    """The area of Slaney's triangles over the frequencies is 1, if a band is many bins wide."""
    filters = scales.mel_filters(16_000, 16_384, 40, 8_000.0)
    np.testing.assert_allclose(filters.sum(axis=1) * 16_000 / 16_384, 1, atol=0.02)


def test_bands_below_1000_hz_are_equally_far_apart_and_above_it_in_equal_ratio() -> None:
    peaks = scales.mel_filters(16_000, 2**16, 60, None).argmax(axis=1) * 16_000 / 2**16
    low, high = peaks[peaks < 900], peaks[peaks > 1_100]
    assert low.size > 10
    assert high.size > 10
    assert np.ptp(np.diff(low)) < 1
    assert np.ptp(high[1:] / high[:-1]) < 1e-3


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e6, 1e30])
def test_decibels_are_librosas(scale: float) -> None:
    power = (noise(5_000).reshape(50, 100) ** 2 * scale).astype(np.float32)
    power[3] = 0
    np.testing.assert_array_equal(scales.decibels(power), librosa.power_to_db(power))
    np.testing.assert_array_equal(
        scales.decibels(power, reference=power.max()), librosa.power_to_db(power, ref=power.max())
    )
    np.testing.assert_array_equal(scales.decibels(power, reference=2.0), librosa.power_to_db(power, ref=2.0))


def test_decibels_by_hand() -> None:
    power = np.array([[1, 10, 100, 1e-3, 0]], np.float32)
    np.testing.assert_allclose(scales.decibels(power), [[0, 10, 20, -30, -60]], atol=1e-4)  # 80 below the highest
    np.testing.assert_allclose(scales.decibels(power, reference=100.0), [[-20, -10, 0, -50, -80]], atol=1e-4)
    np.testing.assert_allclose(scales.decibels(np.zeros((2, 3), np.float32)), np.full((2, 3), -100), atol=1e-4)


def test_decibels_leave_the_power_as_it_was() -> None:
    power = np.array([[1.0, 0.0]], np.float32)
    scales.decibels(power)
    np.testing.assert_array_equal(power, [[1, 0]])


@pytest.mark.parametrize("target", [8_000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("sample_rate", [*RATES, 4_000, 37_800, 44_056, 192_000, 384_000])
def test_the_resampler_is_librosas(sample_rate: int, target: int) -> None:
    for n_samples in (0, 1, 2, 7, 441, 5_000, 20_011):
        waveform = noise(n_samples, seed=n_samples)
        found = waveforms.resampled(waveform, sample_rate=sample_rate, target=target)
        if n_samples == 0:  # which librosa refuses
            assert found.size == 0
        else:
            expected = librosa.resample(waveform, orig_sr=sample_rate, target_sr=target, res_type="soxr_hq")
            np.testing.assert_array_equal(found, expected)


@settings(deadline=None, max_examples=60)
@given(st.integers(4_000, 96_000), st.integers(4_000, 48_000), st.integers(1, 6_000))
@example(44_100, 16_000, 441 * 3)  # 480 samples a third: no remainder
@example(16_001, 16_000, 5_999)
def test_the_resampler_is_librosas_at_any_rates(sample_rate: int, target: int, n_samples: int) -> None:
    waveform = noise(n_samples)
    expected = librosa.resample(waveform, orig_sr=sample_rate, target_sr=target, res_type="soxr_hq")
    np.testing.assert_array_equal(waveforms.resampled(waveform, sample_rate=sample_rate, target=target), expected)


def test_a_resampled_sine_is_the_sine_of_the_other_rate() -> None:
    found = waveforms.resampled(tone(440, 1.0, 44_100), sample_rate=44_100, target=16_000)
    np.testing.assert_allclose(found[200:-200], tone(440, 1.0)[200:-200], atol=1e-4)  # 16 bit; the filter's ends apart


@pytest.mark.parametrize(
    ("n_fft", "hop_length", "n_mels", "fmax"),
    [(2048, 512, 64, 8_000.0), (512, 160, 40, 4_000.0), (1024, 256, 128, 7_600.0)],
)
@pytest.mark.parametrize("recorded_rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("duration", [0.4, 2.0])
def test_the_mel_spectrogram_is_librosas_chain(
    recorded_rate: int, n_fft: int, hop_length: int, n_mels: int, fmax: float, duration: float
) -> None:
    waveform = tone(300, duration, recorded_rate) + noise(round(duration * recorded_rate), level=0.01)
    found = log_mel(
        waveform,
        recorded_rate,
        name="any",
        sample_rate=16_000,
        duration=1.0,
        n_fft=n_fft,
        hop_length=hop_length,
        n_mels=n_mels,
        fmax=fmax,
    )
    at_rate = waveform
    if recorded_rate != 16_000:
        at_rate = librosa.resample(waveform, orig_sr=recorded_rate, target_sr=16_000, res_type="soxr_hq")
    fitted = librosa.util.fix_length(at_rate, size=16_000)
    power = librosa.feature.melspectrogram(
        y=fitted, sr=16_000, n_fft=n_fft, hop_length=hop_length, n_mels=n_mels, fmax=fmax
    )
    level = librosa.power_to_db(power, ref=np.max)
    expected = (level - level.min()) / (level.max() - level.min())
    assert found.shape == (n_mels, 1 + 16_000 // hop_length)
    # bands are summed in another order; and before a cut, only the first seconds are resampled
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_spectrograms_of_one_recording_at_any_level_are_one() -> None:
    """The maximum is the reference."""
    options = {"name": "any", "sample_rate": 16_000, "duration": 1.0, "n_fft": 512, "hop_length": 160, "n_mels": 40}
    waveform = tone(300, 1.0) + noise(16_000, level=0.05)
    loud, quiet = (log_mel(waveform * np.float32(gain), 16_000, fmax=8_000.0, **options) for gain in (1, 2**-6))
    np.testing.assert_allclose(quiet, loud, rtol=0, atol=1e-5)
