"""Random changes of spectrograms, each alone, against values that were worked by hand."""

from typing import Any

import numpy as np
import pytest

from ser.models.variation import Variation, varied

NONE = {
    "max_stretch": 0.0,
    "max_delay": 0.0,
    "max_warp": 0.0,
    "max_transposition": 0.0,
    "max_gain": 0.0,
    "max_filter_gain": 0.0,
    "n_masks": 0,
    "max_time_mask": 0,
    "max_band_mask": 0,
}
N_BANDS, N_FRAMES = 24, 41


def spectrogram(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(-3, 1, (N_BANDS, N_FRAMES)).astype(np.float32)


def line(n: int, at: float) -> np.ndarray:
    """A peak at `at` with a width of two on either side."""
    return np.maximum(0, 1 - np.abs(np.arange(n) - at) / 2).astype(np.float32)


def peak(profile: np.ndarray) -> float:
    """Position of a peak: its centre of gravity."""
    return float((profile * np.arange(profile.size)).sum() / profile.sum())


class Drawn:
    """A generator whose uniform draws are always the upper bound."""

    def uniform(self, low: float, high: float) -> float:
        assert low == -high
        return high


def with_draws_at_their_bounds(values: np.ndarray, **changes: Any) -> np.ndarray:
    return varied(values, Drawn(), **{**NONE, **changes})  # type: ignore[arg-type]


def test_bounds_of_0_change_nothing() -> None:
    np.testing.assert_allclose(varied(spectrogram(), np.random.default_rng(0), **NONE), spectrogram(), rtol=1e-6)


def test_a_delay_shifts_the_frames_and_repeats_the_edge() -> None:
    found = with_draws_at_their_bounds(spectrogram(), max_delay=3.0)
    np.testing.assert_allclose(found[:, :-3], spectrogram()[:, 3:], rtol=1e-6)
    np.testing.assert_allclose(found[:, -3:], spectrogram()[:, -1:].repeat(3, axis=1), rtol=1e-6)


def test_a_stretch_is_about_the_middle_and_shortens_by_its_factor() -> None:
    for at in (20, 26, 8):
        values = line(N_FRAMES, at)[np.newaxis].repeat(N_BANDS, axis=0)
        found = with_draws_at_their_bounds(values, max_stretch=0.25)[0]
        assert peak(found) == pytest.approx(20 + (at - 20) / 1.25, abs=0.2)
        assert found.sum() == pytest.approx(values[0].sum() / 1.25, rel=0.1)


def test_a_transposition_shifts_the_bands_and_a_warp_is_about_the_lowest() -> None:
    values = line(N_BANDS, 12)[:, np.newaxis].repeat(N_FRAMES, axis=1)
    assert peak(with_draws_at_their_bounds(values, max_transposition=1.5)[:, 0]) == pytest.approx(10.5, abs=1e-3)
    assert peak(with_draws_at_their_bounds(values, max_warp=0.2)[:, 0]) == pytest.approx(10, abs=0.2)


def test_a_gain_is_added_and_limited_at_the_quietest_cell() -> None:
    values = spectrogram()
    np.testing.assert_allclose(with_draws_at_their_bounds(values, max_gain=2.0), values + 2, rtol=1e-5)
    quieter = [varied(values, np.random.default_rng(k), **{**NONE, "max_gain": 2.0}) for k in range(20)]
    assert all(one.min() >= values.min() for one in quieter)
    assert min(one.max() for one in quieter) < values.max() - 1


def test_a_filter_is_equal_for_all_frames_and_piecewise_linear_over_bands() -> None:
    values = spectrogram()
    for seed in range(20):
        setting = {**NONE, "max_filter_gain": 2.0}
        loud = np.vstack([values + 5, np.full((1, N_FRAMES), values.min(), np.float32)])  # no cell becomes the quietest
        gain = (varied(loud, np.random.default_rng(seed), **setting) - loud)[:-1]
        np.testing.assert_allclose(gain, gain[:, :1].repeat(N_FRAMES, axis=1), atol=1e-5)
        assert 0.1 < np.ptp(gain[:, 0]) <= 4
        bends = np.abs(np.diff(gain[:, 0], 2)) > 1e-4
        assert bends.sum() <= 2 * 4  # a corner between two bands bends the line at both


@pytest.mark.parametrize(("axis", "widest"), [(0, 6), (1, 9)])
def test_masks_hide_whole_bands_or_whole_frames_up_to_the_widest(axis: int, widest: int) -> None:
    values, widths = spectrogram(), []
    setting = {"n_masks": 1, ("max_band_mask", "max_time_mask")[axis]: widest}
    for seed in range(200):
        changed = varied(values, np.random.default_rng(seed), **{**NONE, **setting}) != values
        hidden = changed.all(axis=1 - axis)
        assert (changed.any(axis=1 - axis) == hidden).all()
        place = np.flatnonzero(hidden)
        assert place.size == 0 or np.ptp(place) + 1 == place.size  # one stretch
        widths.append(place.size)
    assert sorted(set(widths)) == list(range(widest + 1))


def test_it_depends_on_the_generator_only_and_does_not_change_its_input() -> None:
    every = {"max_stretch": 0.2, "max_delay": 4.0, "max_warp": 0.1, "max_transposition": 2.0, "max_gain": 1.0}
    settings = {**NONE, **every, "n_masks": 2, "max_time_mask": 5, "max_band_mask": 5}
    values = spectrogram()
    first, again, other = (varied(values, np.random.default_rng(seed), **settings) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.9
    assert first.dtype == np.float32
    np.testing.assert_array_equal(values, spectrogram())


def test_a_negative_bound_and_a_mask_wider_than_the_spectrogram_are_refused() -> None:
    with pytest.raises(ValueError, match=r"training\.variation\.max_gain is -1\.0; it must be 0 or more"):
        Variation(**NONE | {"max_gain": -1.0})
    whole = NONE | {"n_masks": 1, "max_time_mask": N_FRAMES, "max_band_mask": N_BANDS}
    assert varied(spectrogram(), np.random.default_rng(0), **whole).shape == (N_BANDS, N_FRAMES)
    for setting in ("max_time_mask", "max_band_mask"):
        with pytest.raises(
            ValueError, match=rf"training\.variation\.{setting} is \d+; it must be from 0 to \d+, the size"
        ):
            varied(spectrogram(), np.random.default_rng(0), **whole | {setting: whole[setting] + 1})
