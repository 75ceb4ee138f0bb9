"""Reliability of probabilities, and temperatures."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve

from ser.evaluation import metrics, reliability
from ser.models.calibration import softened
from tests.support.learning_tables import prediction_table, utterance_table

LABELS = ["neutral", "sad"]
TABLE = prediction_table(utterance_table(6))


def table(*rows: tuple[float, bool], fold: int = 0, partition: str = "test") -> pd.DataFrame:
    """Predictions of neutral, from rows of its probability and True if it is correct."""
    confidence, right = (list(values) for values in zip(*rows, strict=True))
    return pd.DataFrame(
        {
            "fold": fold,
            "partition": partition,
            "truth": ["neutral" if hit else "sad" for hit in right],
            "prediction": "neutral",
            "p_neutral": confidence,
            "p_sad": [1 - value for value in confidence],
        }
    )


def drawn(power: float, *, fold: int, partition: str, n: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Labels drawn from probabilities, with the probabilities then sharpened by `power`."""
    random = np.random.default_rng([seed, fold, len(partition)])
    honest = random.dirichlet([1, 2], n)
    truth = np.array(LABELS)[(random.random(n) > honest[:, 0]).astype(int)]
    probability = softened(honest, 1 / power)
    found = pd.DataFrame({"fold": fold, "partition": partition, "truth": truth}, index=range(n))
    found["prediction"] = np.array(LABELS)[probability.argmax(axis=1)]
    return found.assign(p_neutral=probability[:, 0], p_sad=probability[:, 1])


def test_bins_of_a_table_worked_by_hand() -> None:
    found = reliability.bins(table((0.85, True), (0.95, False), (0.5, True), (0.55, True), (1.0, False)), n_bins=5)
    assert found.to_dict("records") == [
        {"low": 0.4, "high": 0.6, "confidence": 0.525, "accuracy": 1.0, "n_utterances": 2},
        {"low": 0.8, "high": 1.0, "confidence": 0.933333, "accuracy": 0.333333, "n_utterances": 3},
    ]


@pytest.mark.parametrize("n_bins", [10, 20, 50, 100])
def test_every_bound_that_six_digits_state_is_in_its_upper_bin(n_bins: int) -> None:
    confidence = [k / n_bins for k in range(n_bins // 2, n_bins)]
    rows = pd.DataFrame({"truth": "sad", "prediction": "sad", "p_sad": confidence, "p_calm": 0.0})
    assert metrics.confidence_bins(rows, n_bins=n_bins)["bin"].tolist() == list(range(n_bins // 2, n_bins))


def test_a_confidence_on_a_bound_falls_into_the_upper_bin() -> None:
    found = reliability.bins(table((0.5, True), (0.75, True)), n_bins=4)
    assert found["low"].tolist() == [0.5, 0.75]


@pytest.mark.parametrize("n_bins", [1, 10, 15])
def test_bins_are_those_of_scikit_learn(n_bins: int) -> None:
    confidence = TABLE.filter(like="p_").max(axis=1)
    accuracy, mean = calibration_curve(TABLE["truth"] == TABLE["prediction"], confidence, n_bins=n_bins)
    found = reliability.bins(TABLE, n_bins=n_bins)
    assert found["accuracy"].to_numpy() == pytest.approx(accuracy, abs=1e-6)
    assert found["confidence"].to_numpy() == pytest.approx(mean, abs=1e-6)
    assert found["n_utterances"].sum() == len(TABLE)


@pytest.mark.parametrize("n_bins", [1, 10, 15])
def test_the_weighted_distance_of_the_bins_is_the_calibration_error(n_bins: int) -> None:
    found = reliability.bins(TABLE, n_bins=n_bins)
    distance = (found["accuracy"] - found["confidence"]).abs()
    error = np.average(distance, weights=found["n_utterances"])
    assert error == pytest.approx(metrics.expected_calibration_error(TABLE, n_bins=n_bins), abs=2e-6)
    assert error == pytest.approx(reliability.calibration_scores(TABLE, n_bins=n_bins)["ece"], abs=2e-6)


def test_each_fold_gets_the_temperature_of_its_own_dev() -> None:
    parts = [drawn(power, fold=fold, partition="dev") for fold, power in ((0, 2.0), (3, 0.5))]
    found = reliability.dev_temperatures(pd.concat(parts))
    assert found[0] == pytest.approx(2.0, rel=0.1)
    assert found[3] == pytest.approx(0.5, rel=0.1)


def test_the_temperature_does_not_depend_on_test() -> None:
    dev, test = drawn(2.0, fold=0, partition="dev"), drawn(0.3, fold=0, partition="test")
    assert reliability.dev_temperatures(pd.concat([dev, test])) == reliability.dev_temperatures(dev)


def test_the_temperature_of_dev_calibrates_test_and_changes_no_prediction() -> None:
    predictions = pd.concat([drawn(3.0, fold=0, partition=name) for name in ("dev", "test")], ignore_index=True)
    test = predictions[predictions["partition"] == "test"]
    after = reliability.at_temperature(test, reliability.dev_temperatures(predictions))
    before, now = (reliability.calibration_scores(rows, n_bins=10) for rows in (test, after))
    assert now["ece"] < 0.03 < 0.1 < before["ece"]
    assert now["cross_entropy"] < before["cross_entropy"]
    highest = after[["p_neutral", "p_sad"]].to_numpy().argmax(axis=1)
    assert (np.array(LABELS)[highest] == after["prediction"]).all()


def test_dividing_by_a_temperature_undoes_multiplying_by_it() -> None:
    predictions = drawn(1.5, fold=2, partition="test", n=200)
    there = reliability.at_temperature(predictions, {2: 0.7})
    back = reliability.at_temperature(there, {2: 1 / 0.7})
    columns = ["p_neutral", "p_sad"]
    np.testing.assert_allclose(back[columns], predictions[columns], atol=1e-9)


def test_an_emotion_that_a_fold_was_not_trained_on_stays_impossible_at_any_temperature() -> None:
    two = drawn(2.0, fold=0, partition="dev")
    three = two.assign(p_angry=0.0)
    assert reliability.dev_temperatures(three) == reliability.dev_temperatures(two)
    after = reliability.at_temperature(three, {0: 20.0})
    assert (after["p_angry"] == 0).all()
    assert after[["p_neutral", "p_sad"]].equals(reliability.at_temperature(two, {0: 20.0})[["p_neutral", "p_sad"]])


def test_a_fold_without_usable_dev_rows_keeps_its_probabilities() -> None:
    unknown = table((0.8, False), partition="dev").assign(p_neutral=1.0, p_sad=0.0)  # sad was not trained
    assert reliability.dev_temperatures(unknown) == {0: 1.0}
