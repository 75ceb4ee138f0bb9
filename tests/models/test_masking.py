"""Masks on spectrograms: their width, number and place, and their absence in prediction."""

from pathlib import Path

import numpy as np
import pytest

from ser.models.backend import keras
from ser.models.networks.masking import TimeFrequencyMask

N_BANDS, N_FRAMES = 12, 20


def spectrograms(n_rows: int) -> np.ndarray:
    """Random spectrograms; each row has its own mean, and no value is close to it."""
    random = np.random.default_rng(0)
    shape = (n_rows, N_BANDS, N_FRAMES)
    sides = random.uniform(0.3, 0.5, shape) * random.choice([-1, 1], shape)
    return (sides + np.arange(n_rows)[:, None, None]).astype(np.float32)


def layer(*, max_time: int = 6, max_bands: int = 4, n_masks: int = 1, seed: int = 0) -> TimeFrequencyMask:
    return TimeFrequencyMask(max_time=max_time, max_bands=max_bands, n_masks=n_masks, seed=seed)


def masked(values: np.ndarray, mask: TimeFrequencyMask) -> np.ndarray:
    return keras.ops.convert_to_numpy(mask(values, training=True))


def run_lengths(hidden: np.ndarray) -> list[int]:
    """Lengths of the stretches that are True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], hidden.astype(int), [0]])))
    return (edges[1::2] - edges[::2]).tolist()


def test_nothing_is_masked_when_predicting() -> None:
    values = spectrograms(5)
    mask = layer()
    assert (masked(values, mask) != values).any()
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(mask(values, training=False)), values)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(mask(values)), values)


def test_masked_cells_have_the_mean_of_their_row_and_other_cells_are_unchanged() -> None:
    values = spectrograms(200)
    result = masked(values, layer())
    changed = result != values
    assert 0.2 < changed.mean() < 0.4  # of 2/12 of the bands and 3/20 of the frames on average, about 0.29
    mean = np.broadcast_to(values.mean(axis=(1, 2), keepdims=True), values.shape)
    np.testing.assert_allclose(result[changed], mean[changed], rtol=1e-5)


def test_masks_are_one_stretch_of_bands_and_one_stretch_of_frames() -> None:
    values = spectrograms(300)
    changed = masked(values, layer()) != values
    for row in changed:
        bands, frames = row.all(axis=1), row.all(axis=0)
        np.testing.assert_array_equal(row, bands[:, None] | frames)
        assert len(run_lengths(bands)) <= 1
        assert len(run_lengths(frames)) <= 1


@pytest.mark.parametrize(("axis", "max_bands", "max_time", "size"), [(1, 4, 0, N_BANDS), (2, 0, 6, N_FRAMES)])
def test_every_width_up_to_the_greatest_and_every_place_occurs(
    axis: int, max_bands: int, max_time: int, size: int
) -> None:
    width = max(max_bands, max_time)
    values = spectrograms(1000)
    hidden = (masked(values, layer(max_bands=max_bands, max_time=max_time)) != values).any(axis=3 - axis)
    widths = [sum(run_lengths(row)) for row in hidden]
    assert set(widths) == set(range(width + 1))
    assert all(len(run_lengths(row)) <= 1 for row in hidden)
    counts = np.bincount(widths, minlength=width + 1) / len(widths)
    np.testing.assert_allclose(counts, 1 / (width + 1), atol=0.05)  # equally often
    assert hidden.any(axis=0).sum() == size  # including the first and the last
    first = {int(row.argmax()) for row in hidden if row.sum() == width}
    assert first == set(range(size - width + 1))


def test_rows_of_a_batch_are_masked_independently() -> None:
    values = spectrograms(50)
    changed = masked(values, layer(max_time=0)) != values
    assert len({tuple(row.any(axis=1)) for row in changed}) > 10


@pytest.mark.parametrize("n_masks", [2, 3])
def test_number_and_width_of_several_masks_are_bounded(n_masks: int) -> None:
    values = spectrograms(300)
    hidden = (masked(values, layer(max_bands=0, max_time=4, n_masks=n_masks)) != values).any(axis=1)
    n_stretches = [len(run_lengths(row)) for row in hidden]
    assert max(n_stretches) == n_masks
    assert 4 < max(row.sum() for row in hidden) <= 4 * n_masks


@pytest.mark.parametrize(("max_bands", "max_time", "n_masks"), [(0, 0, 2), (4, 6, 0)])
def test_masks_of_width_or_number_0_change_nothing(max_bands: int, max_time: int, n_masks: int) -> None:
    values = spectrograms(20)
    mask = layer(max_bands=max_bands, max_time=max_time, n_masks=n_masks)
    np.testing.assert_array_equal(masked(values, mask), values)


def test_a_mask_may_leave_a_single_band_and_a_single_frame() -> None:
    values = spectrograms(400)
    changed = masked(values, layer(max_bands=N_BANDS - 1, max_time=0)) != values
    assert changed.any(axis=2).sum(axis=1).max() == N_BANDS - 1
    changed = masked(values, layer(max_bands=0, max_time=N_FRAMES - 1)) != values
    assert changed.any(axis=1).sum(axis=1).max() == N_FRAMES - 1


@pytest.mark.parametrize(
    ("setting", "width", "most"),
    [
        *[("max_band_mask", N_BANDS, N_BANDS - 1), ("max_band_mask", 100, N_BANDS - 1), ("max_band_mask", -1, 11)],
        *[("max_time_mask", N_FRAMES, N_FRAMES - 1), ("max_time_mask", -2, N_FRAMES - 1)],
    ],
)
def test_a_mask_as_wide_as_the_array_or_negative_is_refused_with_the_valid_range(
    setting: str, width: int, most: int
) -> None:
    mask = layer(**{{"max_band_mask": "max_bands", "max_time_mask": "max_time"}[setting]: width})
    with pytest.raises(ValueError, match=rf"model\.{setting} is {width}; it must be from 0 to {most}"):
        mask(keras.Input((N_BANDS, N_FRAMES)))


def test_equal_seeds_draw_equal_masks_and_each_call_draws_anew() -> None:
    values = spectrograms(30)
    mask, same, other = layer(seed=1), layer(seed=1), layer(seed=2)
    first, second = masked(values, mask), masked(values, mask)
    assert (first != second).any()
    np.testing.assert_array_equal(masked(values, same), first)
    assert (masked(values, other) != first).any()


def test_a_saved_network_keeps_the_mask_and_predicts_without_it(tmp_path: Path) -> None:
    inputs = keras.Input((N_BANDS, N_FRAMES))
    model = keras.Model(inputs, layer(max_time=5, max_bands=3, n_masks=2, seed=4)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    mask = loaded.layers[-1]
    assert isinstance(mask, TimeFrequencyMask)
    assert (mask.max_time, mask.max_bands, mask.n_masks, mask.seed) == (5, 3, 2, 4)
    values = spectrograms(10)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(loaded(values)), values)
    assert (keras.ops.convert_to_numpy(loaded(values, training=True)) != values).any()
