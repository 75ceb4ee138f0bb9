"""Measurements of sounds with known level, pauses and pitch."""

import numpy as np
import pytest

from ser.audio.pitch import fundamental
from ser.description.acoustics import VALUES, measurements, n_clipped, silence
from tests.support.synthesis import Waveform, tone

RATE = 16_000


def voice(frequency: float, duration: float, sample_rate: int = RATE, level: float = 0.3) -> Waveform:
    """Up to twenty harmonics of a tone, falling in level, none above half the sample rate."""
    numbers = [k for k in range(1, 21) if k * frequency < sample_rate / 2]
    harmonics = [tone(k * frequency, duration, sample_rate, level / k) for k in numbers]
    return np.sum(harmonics, axis=0, dtype=np.float32) / 2


def pause(duration: float) -> Waveform:
    """Digital silence."""
    return np.zeros(round(duration * RATE), np.float32)


@pytest.mark.parametrize("level", [1.0, 0.5, 0.001])
def test_a_sine_has_its_peak_and_an_rms_3_db_lower(level: float) -> None:
    found = measurements(tone(250, 0.2, level=level), RATE)
    assert found["peak_dbfs"] == pytest.approx(20 * np.log10(level), abs=0.001)
    assert found["rms_dbfs"] == pytest.approx(20 * np.log10(level / np.sqrt(2)), abs=0.001)


def test_the_values_are_named_and_in_order() -> None:
    assert tuple(measurements(tone(250, 0.2), RATE)) == VALUES


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("frequency", [80.0, 123.4, 220.0, 550.0])
def test_the_pitch_of_a_voice_is_found_at_any_sample_rate(frequency: float, sample_rate: int) -> None:
    found = measurements(voice(frequency, 0.3, sample_rate), sample_rate)
    semitones = [12 * np.log2(found[name] / frequency) for name in ("f0_low", "f0_median", "f0_high")]
    assert np.abs(semitones).max() < 0.2
    assert found["voiced_share"] > 0.9


def test_the_level_does_not_change_the_pitch() -> None:
    loud, quiet = (measurements(voice(150, 0.2, level=level), RATE) for level in (0.3, 0.0003))
    assert quiet["f0_median"] == loud["f0_median"]


def test_a_glide_has_the_median_and_the_percentiles_of_its_frequencies() -> None:
    time = np.arange(2 * RATE) / RATE
    octave = 100 * 2 ** (time / 2)  # Hz, from 100 to 200
    phase = 2 * np.pi * np.cumsum(octave) / RATE
    glide = sum(np.sin(k * phase) / k for k in range(1, 11)) * 0.2
    found = measurements(np.asarray(glide, np.float32), RATE)
    expected = {"f0_low": 100 * 2**0.05, "f0_median": 100 * 2**0.5, "f0_high": 100 * 2**0.95}
    for name, frequency in expected.items():
        assert abs(12 * np.log2(found[name] / frequency)) < 0.3


def test_only_the_voice_between_pauses_is_voiced() -> None:
    found = fundamental(np.concatenate([pause(0.5), voice(200, 0.5), pause(0.5)]), RATE)
    voiced = np.flatnonzero(~np.isnan(found)) * 1.5 / found.size  # seconds
    assert voiced.min() == pytest.approx(0.5, abs=0.04)
    assert voiced.max() == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize("n_samples", [1, 2, 160, RATE])
def test_silence_has_no_level_no_pitch_and_is_all_silence(n_samples: int) -> None:
    found = measurements(np.zeros(n_samples, np.float32), RATE)
    assert found["peak_dbfs"] == found["rms_dbfs"] == -np.inf
    assert found["silence_share"] == 1
    assert found["leading_silence"] == found["trailing_silence"] == n_samples / RATE
    assert found["voiced_share"] == 0
    assert np.isnan([found[name] for name in ("f0_median", "f0_low", "f0_high")]).all()


def test_hum_in_silence_does_not_count_as_pitch() -> None:
    hum = voice(100, 2.0, level=0.0005)  # 56 dB below the voice
    sound = hum + np.concatenate([pause(0.7), voice(220, 0.6), pause(0.7)])
    hummed, both = measurements(hum, RATE), measurements(sound, RATE)
    assert hummed["f0_median"] == pytest.approx(100, rel=0.01)  # without louder sounds, it counts
    assert [both[name] for name in ("f0_low", "f0_high")] == pytest.approx([220, 220], rel=0.01)
    assert both["voiced_share"] > 0.9


def test_frames_in_the_pauses_between_are_left_out() -> None:
    once = measurements(voice(220, 0.5), RATE)
    twice = measurements(np.concatenate([voice(220, 0.5), pause(1.0), voice(220, 0.5)]), RATE)
    assert twice["voiced_share"] == pytest.approx(once["voiced_share"], abs=0.05)


def test_a_constant_has_no_pitch() -> None:
    assert np.isnan(fundamental(np.full(RATE, 0.5, np.float32), RATE)).all()


def test_noise_is_seldom_voiced() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    assert measurements(noise, RATE)["voiced_share"] < 0.25


@pytest.mark.parametrize("duration", [0.010, 0.001])
def test_a_sound_of_10_ms_and_less_is_described(duration: float) -> None:
    found = measurements(tone(400, duration), RATE)
    assert np.isfinite([found[name] for name in VALUES if not name.startswith("f0_")]).all()


def test_pauses_are_as_long_as_they_were_made() -> None:
    sound = np.concatenate([pause(0.30), tone(200, 0.5), pause(0.25), tone(200, 0.5), pause(0.45)])
    leading, trailing, share = silence(sound, RATE)
    assert (leading, trailing) == pytest.approx((0.30, 0.45), abs=0.01)
    assert share == pytest.approx((0.30 + 0.25 + 0.45) / 2.0, abs=0.02)


def test_sound_40_db_below_the_loudest_block_is_silence() -> None:
    quiet, faint = (np.concatenate([tone(200, 0.5, level=level), tone(200, 0.5)]) for level in (0.0029, 0.0031))
    assert silence(quiet, RATE) == (0.5, 0.0, 0.5)  # 40.3 dB below 0.3
    assert silence(faint, RATE) == (0.0, 0.0, 0.0)  # 39.7 dB


def test_the_last_block_may_be_shorter() -> None:
    leading, trailing, share = silence(np.concatenate([tone(200, 0.1), np.zeros(50, np.float32)]), RATE)
    assert (leading, trailing) == (0, 50 / RATE)
    assert share == pytest.approx(50 / 1650)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([0.1, 1, 1, 1, 0.1], 3),
        ([0.1, 1, 1, 0.1, 1], 0),  # two in a row
        ([0, -1, -1, -1, -1, 0, 0.95, 0.95, 0.95], 7),
        ([1, 1, 1, -1, -1, -1], 6),
        ([0.8, 0.8, 0.8, 0.8], 0),  # 1.9 dB below full scale
        ([0, 0, 0, 0], 0),
        ([1], 0),
    ],
)
def test_clipped_samples_are_runs_of_equal_samples_near_full_scale(samples: list[float], expected: int) -> None:
    assert n_clipped(np.array(samples, np.float32)) == expected


def test_a_clipped_sine_is_clipped_and_a_full_scale_sine_is_not() -> None:
    assert n_clipped(tone(100, 1.0, level=1.0)) == 0
    cut = np.clip(tone(100, 1.0, level=2.0), -1, 1)
    # a sine of amplitude 2 is above 1, or below -1, for 120 of 180 degrees
    assert n_clipped(cut) / cut.size == pytest.approx(2 / 3, abs=0.02)
