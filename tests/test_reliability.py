"""Reliability diagrams: worked by hand, and by scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from learning_tables import prediction_table, utterance_table
from sklearn.calibration import calibration_curve

from ser import metrics, reliability

TABLE = prediction_table(utterance_table(6))


def table(*confidence_and_hit: tuple[float, bool]) -> pd.DataFrame:
    """Predictions of neutral with these confidences, right or wrong."""
    confidence, hit = zip(*confidence_and_hit, strict=True)
    found = pd.DataFrame({"truth": np.where(hit, "neutral", "sad"), "prediction": "neutral"})
    return found.assign(p_neutral=confidence, p_sad=1 - np.array(confidence))


def test_bins_of_a_table_worked_by_hand() -> None:
    found = reliability.bins(table((0.85, True), (0.95, False), (0.5, True), (0.55, True), (1.0, False)), n_bins=5)
    assert found.to_dict("records") == [
        {"low": 0.4, "high": 0.6, "confidence": 0.525, "accuracy": 1.0, "n_utterances": 2},
        {"low": 0.8, "high": 1.0, "confidence": 0.933333, "accuracy": 0.333333, "n_utterances": 3},
    ]


def test_a_confidence_on_a_bound_is_in_the_bin_above() -> None:
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
