"""Other recording conditions: each change by itself, and the shares in which they are drawn."""

from typing import Any

import numpy as np
import pytest
import yaml

from ser.audio import augmentation, conditions
from ser.audio.waveforms import Waveform
from tests.support.paths import CONF
from tests.support.synthesis import speech_like, tone

RATE = 16_000
SETTINGS: dict[str, Any] = yaml.safe_load((CONF / "augmentation" / "conditions.yaml").read_text())
NONE = {"max_speed": 0.0, "room": 0.0, "noise": 0.0, "min_snr": 5.0, "max_gain": 0.0, "band": 0.0}


def varied(waveform: Waveform, seed: int = 0, **changes: float) -> Waveform:
    return conditions.other_conditions(waveform, RATE, np.random.default_rng(seed), **(NONE | changes))


def test_the_variant_is_drawn_by_utterance_and_settings_alone() -> None:
    waveform = speech_like(0, 0.5, RATE)
    for utterance in ("a/1", "a/2"):
        found, again = (augmentation.augmented(waveform, RATE, utterance=utterance, **SETTINGS) for _ in range(2))
        assert list(found) == ["original", "other_conditions"]
        np.testing.assert_array_equal(found["other_conditions"], again["other_conditions"])
        assert found["other_conditions"].dtype == np.float32
        assert np.isfinite(found["other_conditions"]).all()


def test_speed_changes_in_half_of_the_draws_and_moves_a_tone_as_much_as_it_shortens_it() -> None:
    found = [varied(tone(1000, 1.0), seed, max_speed=0.15) for seed in range(60)]
    factors = np.array([RATE / one.size for one in found])
    assert 20 < (factors != 1).sum() < 40
    assert 0.85 <= factors.min() < 0.9
    assert 1.1 < factors.max() <= 1.15
    for one, factor in zip(found, factors, strict=True):
        peak = np.abs(np.fft.rfft(one)).argmax() * RATE / one.size
        assert peak == pytest.approx(1000 * factor, rel=2e-3)


@pytest.mark.parametrize("share", ["room", "noise", "band"])
def test_a_change_is_made_in_its_share_of_the_draws(share: str) -> None:
    waveform = speech_like(0, 0.2, RATE)
    changed = [not np.allclose(varied(waveform, seed, **{share: 0.3}), waveform, atol=1e-6) for seed in range(100)]
    assert 18 < sum(changed) < 42
    assert all(not np.allclose(varied(waveform, seed, **{share: 1.0}), waveform, atol=1e-6) for seed in range(9))


def test_a_room_decays_by_60_db_in_its_time_of_reverberation_and_keeps_the_direct_sound() -> None:
    impulse = np.eye(1, RATE, dtype=np.float32)[0]
    for seed in range(5):
        response = conditions.in_room(impulse, RATE, np.random.default_rng(seed)).astype(np.float64)
        time = np.random.default_rng(seed).uniform(*conditions.REVERBERATION)
        assert response[0] == pytest.approx(1)
        tail = response[1 : round(time * RATE)]
        ratio = -10 * np.log10(tail @ tail)
        assert conditions.DIRECT[0] <= ratio <= conditions.DIRECT[1]
        fifth = tail.size // 5
        levels = 10 * np.log10([np.mean(tail[k * fifth : (k + 1) * fifth] ** 2) for k in range(5)])
        np.testing.assert_allclose(np.diff(levels), -12, atol=1.5)
        assert np.abs(response[round(time * RATE) + 1 :]).max() < 1e-6


@pytest.mark.parametrize("snr", [5.0, 20.0])
def test_noise_is_below_the_speech_by_its_ratio_and_pauses_do_not_count(snr: float) -> None:
    speech = tone(440, 1.0)
    pause = np.zeros(RATE // 2, np.float32)
    for seed in range(6):
        noisy = conditions.with_noise(np.concatenate([speech, pause]), RATE, np.random.default_rng(seed), snr=snr)
        added = (noisy - np.concatenate([speech, pause])).astype(np.float64)
        assert 10 * np.log10(np.mean(speech**2) / np.mean(added**2)) == pytest.approx(snr, abs=0.05)


def test_a_filter_raises_a_tone_by_the_gain_at_its_frequency() -> None:
    gains = np.array([0.0, 0.0, 6.0, 6.0, -20.0, -20.0, 0.0])  # at 60, 150, 350, 800, 1800, 4000 and 8000 Hz
    for frequency, gain in ((500, 6), (2000, -20), (1200, 6 - 26 * 0.5)):
        if frequency == 1200:
            frequency = round((800 * 1800) ** 0.5)
        waveform = tone(frequency, 1.0)
        found = conditions.filtered(waveform, RATE, gains)
        assert 20 * np.log10(found.std() / waveform.std()) == pytest.approx(gain, abs=0.1)


@pytest.mark.parametrize("n_samples", [1, 2, 400])
def test_short_recordings_have_variants(n_samples: int) -> None:
    for seed in range(5):
        found = varied(np.ones(n_samples, np.float32), seed, room=1, noise=1, max_gain=8, band=1, max_speed=0.1)
        assert np.isfinite(found).all()


def test_silence_stays_finite() -> None:
    assert np.isfinite(varied(np.zeros(4000, np.float32), room=1, noise=1, max_gain=8, band=1)).all()
