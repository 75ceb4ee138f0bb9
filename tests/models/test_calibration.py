"""Calibration of probabilities."""

import numpy as np
import pytest

from ser.models import calibration
from ser.models.calibration import best_temperature, cross_entropy, softened


def calibrated(n: int = 100_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of three labels, and labels drawn with these probabilities."""
    random = np.random.default_rng(seed)
    probability = random.dirichlet([1, 2, 0.7], n)
    codes = (random.random(n)[:, None] > probability.cumsum(axis=1)).sum(axis=1)
    return probability, np.minimum(codes, 2)


def sharpened(probability: np.ndarray, power: float) -> np.ndarray:
    raised = probability**power
    return raised / raised.sum(axis=1, keepdims=True)


def test_calibrated_probabilities_have_the_temperature_1() -> None:
    assert best_temperature(*calibrated()) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("power", [0.25, 0.5, 2, 4])
def test_the_temperature_corrects_over_and_underconfident_probabilities(power: float) -> None:
    probability, codes = calibrated()
    temperature = best_temperature(sharpened(probability, power), codes)
    assert temperature == pytest.approx(power, rel=0.02)
    np.testing.assert_allclose(softened(sharpened(probability, power), temperature), probability, atol=0.02)


def test_the_mean_confidence_becomes_the_accuracy() -> None:
    probability, codes = calibrated(20_000)
    too_sure = sharpened(probability, 3)
    honest = softened(too_sure, best_temperature(too_sure, codes))
    accuracy = (honest.argmax(axis=1) == codes).mean()
    assert honest.max(axis=1).mean() == pytest.approx(accuracy, abs=0.02)
    assert too_sure.max(axis=1).mean() > accuracy + 0.1


def test_softening_by_hand() -> None:
    """0.9 and 0.1 at temperature 2: square roots in the ratio 3 to 1; 0.8, 0.1, 0.1 at 0.5: squares as 64 to 1 to 1."""
    np.testing.assert_allclose(softened(np.array([[0.9, 0.1]]), 2.0), [[0.75, 0.25]], rtol=1e-12)
    np.testing.assert_allclose(softened(np.array([[0.8, 0.1, 0.1]]), 0.5), [[64 / 66, 1 / 66, 1 / 66]], rtol=1e-12)


def test_the_temperature_1_changes_nothing() -> None:
    probability, _ = calibrated(1000)
    np.testing.assert_allclose(softened(probability, 1.0), probability, rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.05, 0.5, 2, 20])
def test_softening_leaves_the_order_of_labels_and_a_sum_of_1(temperature: float) -> None:
    """For float32 probabilities, as networks return them, down to tiny differences."""
    random = np.random.default_rng(1)
    probability = random.dirichlet(np.ones(8), 500).astype(np.float32)
    probability[0, :2] = np.float32(0.3), np.nextafter(np.float32(0.3), np.float32(1))
    result = softened(probability, temperature)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result.sum(axis=1), 1, rtol=1e-9)
    np.testing.assert_array_equal(result.argmax(axis=1), probability.argmax(axis=1))
    ordered = np.take_along_axis(result, probability.argsort(axis=1), axis=1)
    assert (np.diff(ordered, axis=1) >= 0).all()
    assert result[0, 0] < result[0, 1]


@pytest.mark.parametrize("temperature", [0.05, 1.0, 20.0])
def test_a_probability_of_0_stays_finite(temperature: float) -> None:
    result = softened(np.array([[1, 0, 0], [0, 0, 1]], np.float32), temperature)
    assert np.isfinite(result).all()
    assert result.argmax(axis=1).tolist() == [0, 2]


def test_cross_entropy_by_hand() -> None:
    """Cross-entropy of 1/2 and 1/8: (ln 2 + 3 ln 2) / 2."""
    probability = np.array([[0.5, 0.5], [0.875, 0.125]])
    assert cross_entropy(probability, np.array([0, 1])) == pytest.approx(2 * np.log(2))


def test_a_certain_mistake_has_a_large_but_finite_cost() -> None:
    assert cross_entropy(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-np.log(1e-12))


@pytest.mark.parametrize("codes", [[0, 1, 2], [1, 2, 0], [0]])
def test_a_temperature_of_few_examples_all_right_or_all_wrong_is_within_its_bounds(codes: list[int]) -> None:
    probability = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])[: len(codes)]
    temperature = best_temperature(probability, np.array(codes))
    assert np.exp(-3) <= temperature <= np.exp(3)
    assert (temperature < 0.1) == (codes[0] == 0)
    assert (temperature > 10) == (codes[0] != 0)


# biases


def biased(probability: np.ndarray, bias: list[float], temperature: float = 1.0) -> np.ndarray:
    """Probabilities with logits that are `temperature` times too large and lack `bias`."""
    return calibration.softened(np.exp(np.log(probability) * temperature - np.array(bias)), 1.0)


def in_equal_shares(n: int = 30_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of three equally frequent labels by Bayes's rule, and the labels."""
    random = np.random.default_rng(seed)
    codes = np.arange(n) % 3
    score = random.normal(0, 1, (n, 3)) + 2 * np.eye(3)[codes]  # log likelihood ratios are 2 * score
    return calibration.softened(np.exp(2 * (score - score.max(axis=1, keepdims=True))), 1.0), codes


def test_biases_and_temperature_are_found_again() -> None:
    probability, codes = in_equal_shares()
    bias = [0.8, -0.5, -0.3]
    found = calibration.best(biased(probability, bias, temperature=2.0), codes, bias_correction=True)
    assert found.temperature == pytest.approx(2, rel=0.05)
    shift = found.shift - found.shift.mean()
    np.testing.assert_allclose(shift, bias, atol=0.06)


def test_labels_have_equal_weight_at_any_frequency() -> None:
    """One label is ten times rarer: the biases are those of equal shares."""
    probability, codes = in_equal_shares()
    kept = (codes != 0) | (np.arange(len(codes)) % 30 == 0)
    found = calibration.best(probability[kept], codes[kept], bias_correction=True)
    np.testing.assert_allclose(found.shift - found.shift.mean(), 0, atol=0.1)
    assert found.temperature == pytest.approx(1, abs=0.05)


def test_few_examples_move_a_bias_little_and_many_move_it_fully() -> None:
    probability, codes = in_equal_shares()
    wrong = biased(probability, [1.5, 0, 0])
    sizes = [np.ptp(calibration.best(wrong[:n], codes[:n], bias_correction=True).shift) for n in (6, 60, 30_000)]
    assert sizes[0] < 0.75
    assert sizes[2] == pytest.approx(1.5, abs=0.1)
    assert sizes[0] < sizes[1] < sizes[2] + 0.3


def test_a_label_that_does_not_occur_keeps_its_bias() -> None:
    probability, codes = in_equal_shares(300)
    found = calibration.best(probability[codes != 1], codes[codes != 1], bias_correction=True)
    assert found.shift[1] == 0
    assert np.isfinite(found.shift).all()


def test_without_bias_correction_there_is_only_a_temperature() -> None:
    probability, codes = in_equal_shares(300)
    found = calibration.best(biased(probability, [1, 0, 0]), codes, bias_correction=False)
    assert found.temperature == best_temperature(biased(probability, [1, 0, 0]), codes)
    assert not found.shift.any()
