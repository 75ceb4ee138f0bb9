"""Batches, class weights and standardisation, read from a memory map in parts."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight

from ser.models.examples import CHUNK, Batches, Examples, class_weights, n_batches, standardisation
from ser.models.settings import NetworkTraining
from tests.support.small_study import EPOCHS


def values(n_rows: int, shape: tuple[int, ...] = (3, 2), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(2, 3, (n_rows, *shape)).astype(np.float32)


def mapped(folder: Path, array: np.ndarray) -> np.ndarray:
    """`array` as a read-only memory map."""
    np.save(folder / "array.npy", array)
    return np.load(folder / "array.npy", mmap_mode="r")


def numbered(n_rows: int, n_labels: int = 3) -> Examples:
    """Examples with their number as only value and the code `number // 2 % n_labels`."""
    number = np.arange(n_rows)
    return Examples(number.astype(np.float32)[:, None], number, number // 2 % n_labels)


def given(batch_size: int, **changes: object) -> NetworkTraining:
    return NetworkTraining.of({**EPOCHS, "batch_size": batch_size, **changes})


def batches(examples: Examples, *, batch_size: int = 4, seed: int = 0, epoch: int = 0) -> Batches:
    weight = np.array([1, 10, 100], np.float32)
    return Batches(examples, given(batch_size), weight=weight, seed=seed, epoch=epoch)


def order(given: Batches) -> list[int]:
    """Numbers of the examples in the order of an epoch."""
    return [int(number) for k in range(len(given)) for number in given[k][0][:, 0]]


@pytest.mark.parametrize(
    ("n_examples", "batch_size", "sizes"),
    [(10, 4, [4, 4, 2]), (8, 4, [4, 4]), (9, 4, [4, 4, 1]), (3, 32, [3]), (1, 1, [1]), (5, 1, [1] * 5)],
)
def test_an_epoch_has_each_example_once_and_the_last_batch_may_be_smaller(
    n_examples: int, batch_size: int, sizes: list[int]
) -> None:
    epoch = batches(numbered(n_examples), batch_size=batch_size)
    assert [len(epoch[k][0]) for k in range(len(epoch))] == sizes
    assert sorted(order(epoch)) == list(range(n_examples))
    assert n_batches(numbered(n_examples), batch_size) == len(sizes)


def test_each_example_keeps_its_code_and_has_the_weight_of_its_label() -> None:
    epoch = batches(numbered(50))
    for k in range(len(epoch)):
        number, shares, weight = epoch[k]
        codes = shares.argmax(axis=1)
        np.testing.assert_array_equal(shares, np.eye(3)[codes])
        np.testing.assert_array_equal(codes, number[:, 0] // 2 % 3)
        np.testing.assert_array_equal(weight, 10.0**codes)


def test_examples_are_the_rows_at_their_positions_and_no_others(tmp_path: Path) -> None:
    array = mapped(tmp_path, values(20))
    positions = np.array([7, 3, 3, 19])  # a repeated row is another example
    examples = Examples(array, positions, np.array([0, 1, 1, 2]))
    assert len(examples) == 4
    assert examples.row_shape == (3, 2)
    np.testing.assert_array_equal(np.concatenate(list(examples.chunks())), array[positions])
    np.testing.assert_array_equal(examples.taken(np.array([3, 0])), array[[19, 7]])
    epoch = batches(examples, batch_size=3)
    seen = np.concatenate([epoch[k][0] for k in range(len(epoch))])
    np.testing.assert_array_equal(np.sort(seen, axis=0), np.sort(array[positions], axis=0))


def test_the_order_follows_from_seed_and_epoch_and_nothing_else() -> None:
    first = order(batches(numbered(30), seed=1, epoch=2))
    np.random.seed(7)  # noqa: NPY002 (what others do to the global state)
    np.random.random(5)  # noqa: NPY002
    assert order(batches(numbered(30), seed=1, epoch=2)) == first
    assert order(batches(numbered(30), seed=1, epoch=2, batch_size=7)) == first
    others = [order(batches(numbered(30), seed=seed, epoch=epoch)) for seed, epoch in [(1, 3), (2, 2), (2, 1), (0, 0)]]
    assert len({tuple(numbers) for numbers in [first, *others, list(range(30))]}) == 6


def test_a_batch_is_reproducible_in_any_order() -> None:
    epoch = batches(numbered(10))
    again = epoch[2][0].tolist(), epoch[0][0].tolist(), epoch[2][0].tolist()
    assert again[0] == again[2] != again[1]


def test_making_batches_reads_no_row_before_it_is_needed(tmp_path: Path) -> None:
    """All of 1000 rows except one are NaN, and its batch can be made."""
    array = np.full((1000, 2), np.nan, np.float32)
    array[5] = 1
    examples = Examples(mapped(tmp_path, array), np.arange(1000), np.zeros(1000, np.intp))
    epoch = batches(examples, batch_size=1)
    place = epoch.order.tolist().index(5)
    assert epoch[place][0].tolist() == [[1, 1]]
    with pytest.raises(ValueError, match="NaN or infinite"):
        epoch[place - 1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shape", [(4,), (3, 2), (2, 3, 2)])
def test_a_value_that_is_not_finite_is_refused_with_its_row_in_the_array(
    tmp_path: Path, bad: float, shape: tuple[int, ...]
) -> None:
    array = values(40, shape)
    array[33].flat[1] = array[17].flat[0] = bad
    examples = Examples(mapped(tmp_path, array), np.array([2, 33, 17, 33]), np.zeros(4, np.intp))
    with pytest.raises(ValueError, match=r"3 rows .* NaN or infinite values, the first is row 33; .* dvc repro -f"):
        list(examples.chunks())
    with pytest.raises(ValueError, match=r"1 rows .* the first is row 17"):
        examples.taken(np.array([0, 2]))
    with pytest.raises(ValueError, match=r"the first is row (33|17)"):
        batches(examples, batch_size=8)[0]


def test_rows_outside_training_may_have_any_value(tmp_path: Path) -> None:
    array = values(6)
    array[4] = np.nan
    examples = Examples(mapped(tmp_path, array), np.array([0, 1, 2, 3, 5]), np.zeros(5, np.intp))
    assert np.isfinite(np.concatenate(list(examples.chunks()))).all()


@pytest.mark.parametrize("counts", [(10, 10, 10), (5, 1, 30), (1, 1, 1), (100, 2)])
def test_class_weights_are_those_of_scikit_learn(counts: tuple[int, ...]) -> None:
    codes = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    weight = class_weights(codes, len(counts), balanced=True)
    expected = compute_class_weight("balanced", classes=np.arange(len(counts)), y=codes)
    np.testing.assert_allclose(weight, expected, rtol=1e-6)
    np.testing.assert_allclose(weight * counts, len(codes) / len(counts), rtol=1e-6)  # equal total weights
    assert class_weights(codes, len(counts), balanced=False).tolist() == [1] * len(counts)


@pytest.mark.parametrize(
    ("shape", "n_rows"),
    [((5,), 2), ((7, 5), 1), *[(shape, n) for shape in ((5,), (7, 5)) for n in (CHUNK, 2 * CHUNK + 3)]],
)
def test_standardisation_is_that_of_numpy_over_rows_and_frames(
    tmp_path: Path, shape: tuple[int, ...], n_rows: int
) -> None:
    array = mapped(tmp_path, values(n_rows + 10, shape) * np.array([1, 1e3, 1e-3, 5, 1], np.float32))
    positions = np.random.default_rng(1).permutation(n_rows + 10)[:n_rows]
    mean, variance = standardisation(Examples(array, positions, np.zeros(n_rows, np.intp)))
    rows = array[positions].reshape(-1, 5).astype(np.float64)
    np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(variance, rows.var(axis=0), rtol=1e-5)
    scaler = StandardScaler().fit(rows)
    np.testing.assert_allclose((rows - mean) / np.sqrt(variance), scaler.transform(rows), atol=1e-4)


def test_a_small_deviation_around_a_large_mean_is_accurate() -> None:
    """A centroid of 5000 Hz with a deviation of 1 Hz: differences of squares lose digits."""
    rows = (5000 + np.random.default_rng(0).normal(0, 1, (2000, 1))).astype(np.float32)
    mean, variance = standardisation(Examples(rows, np.arange(2000), np.zeros(2000, np.intp)))
    assert mean[0] == pytest.approx(rows.astype(np.float64).mean(), rel=1e-6)
    assert variance[0] == pytest.approx(rows.astype(np.float64).var(), rel=1e-4)


@pytest.mark.parametrize("constant", [0.0, 7.3, -1e6, 1e-20])
def test_a_constant_feature_has_the_variance_1(constant: float) -> None:
    rows = values(300, (2,))
    rows[:, 1] = constant
    mean, variance = standardisation(Examples(rows, np.arange(300), np.zeros(300, np.intp)))
    assert mean[1] == pytest.approx(constant, rel=1e-6)
    assert variance[1] == 1
    assert variance[0] == pytest.approx(rows[:, 0].var(), rel=1e-5)


def test_one_utterance_is_standardised_to_0() -> None:
    rows = values(1, (4,))
    mean, variance = standardisation(Examples(rows, np.array([0]), np.array([0])))
    np.testing.assert_allclose((rows - mean) / np.sqrt(variance), 0, atol=1e-6)


def test_rows_that_are_not_examples_are_ignored() -> None:
    rows = values(20)
    positions = np.arange(0, 20, 2)
    before = standardisation(Examples(rows, positions, positions))
    rows[1::2] = 1e9
    after = standardisation(Examples(rows, positions, positions))
    np.testing.assert_array_equal(before, after)


def test_label_smoothing_spreads_its_share_equally_over_all_labels() -> None:
    _, shares, _ = Batches(numbered(9), given(9, label_smoothing=0.3), weight=np.ones(3, np.float32), seed=0, epoch=0)[
        0
    ]
    np.testing.assert_allclose(np.sort(shares, axis=1), [[0.1, 0.1, 0.8]] * 9, rtol=1e-6)


def test_mixup_mixes_values_labels_and_weights_of_two_examples_by_one_share() -> None:
    """Example `k` has the value `k` and its own label, so the shares show which two were mixed."""
    number = np.arange(8)
    examples = Examples(number.astype(np.float32)[:, None], number, number)
    seen = set()
    for epoch in range(40):
        batch = Batches(examples, given(8, mixup=0.3), weight=number + 1.0, seed=0, epoch=epoch)
        values, shares, weight = batch[0]
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_allclose(values[:, 0], shares @ number, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(weight, shares @ (number + 1.0), rtol=1e-5)
        assert ((shares > 0).sum(axis=1) <= 2).all()
        seen.add(round(float(shares.max(axis=1).min()), 3))
    assert len(seen) > 10  # the shares differ
    assert min(seen) < 0.9


def test_every_epoch_varies_the_spectrograms_anew_and_a_batch_is_reproducible() -> None:
    examples = Examples(values(6, (8, 10)), np.arange(6), np.zeros(6, np.intp))
    settings = dict.fromkeys(("max_stretch", "max_delay", "max_warp", "max_transposition"), 0)
    settings |= {"max_gain": 1.0, "max_filter_gain": 1.0, "n_masks": 1, "max_time_mask": 3, "max_band_mask": 3}
    first, again, other = (
        Batches(examples, given(6, variation=settings), weight=np.ones(1), seed=0, epoch=epoch)[0][0]
        for epoch in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (np.sort(first.ravel()) != np.sort(other.ravel())).mean() > 0.9


@pytest.mark.parametrize(
    ("setting", "value"), [("weight_decay", -0.1), ("label_smoothing", 1.0), ("label_smoothing", -0.1), ("mixup", -1.0)]
)
def test_a_setting_out_of_its_range_is_refused_before_the_training(setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"training\.{setting} is {value}; it must be 0 or more"):
        given(4, **{setting: value})
