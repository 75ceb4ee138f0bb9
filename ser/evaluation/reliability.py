"""Reliability of predicted probabilities, and the effect of another temperature on it."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser.core.tables import probability_columns
from ser.evaluation import metrics
from ser.models import calibration


def bins(predictions: pd.DataFrame, *, n_bins: int) -> pd.DataFrame:
    """Reliability diagram [1]_: mean confidence and accuracy in equally wide bins of confidence, without empty bins.

    The mean distance of both, weighted by `n_utterances`, is the expected calibration error.

    Returns
    -------
    DataFrame
        low, high, confidence, accuracy, n_utterances. A confidence on a bound falls into the upper bin, and 1 into the
        last.

    References
    ----------
    .. [1] Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, ICML, section 2.

    Examples
    --------
    >>> rows = pd.DataFrame({"truth": ["sad", "calm"], "prediction": "sad", "p_calm": 0.1, "p_sad": 0.9})
    >>> bins(rows, n_bins=2).to_dict("records")
    [{'low': 0.5, 'high': 1.0, 'confidence': 0.9, 'accuracy': 0.5, 'n_utterances': 2}]
    """
    rows = metrics.confidence_bins(predictions, n_bins=n_bins).rename(columns={"hit": "accuracy"})
    found = rows.groupby("bin")[["confidence", "accuracy"]].mean().assign(n_utterances=rows["bin"].value_counts())
    edges = np.linspace(0, 1, n_bins + 1)
    found.insert(0, "low", edges[found.index])
    found.insert(1, "high", edges[found.index + 1])
    return found.reset_index(drop=True).round(metrics.SCORE_DIGITS)


def at_temperature(predictions: pd.DataFrame, temperature: Mapping[int, float]) -> pd.DataFrame:
    """Predictions whose logits are divided by the temperature of their fold; the predicted emotions stay the same.

    An emotion that a fold was not trained on keeps the probability 0 there.

    Examples
    --------
    >>> rows = pd.DataFrame({"fold": [0], "prediction": ["sad"], "p_calm": [0.2], "p_sad": [0.8]})
    >>> at_temperature(rows, {0: 2.0}).round(2).to_dict("records")
    [{'fold': 0, 'prediction': 'sad', 'p_calm': 0.33, 'p_sad': 0.67}]
    """
    parts = []
    for fold, rows in predictions.groupby("fold"):
        columns = _of_trained_emotions(rows)
        softened = calibration.softened(rows[columns].to_numpy(), temperature[int(str(fold))])
        parts.append(rows.assign(**{name: softened[:, k] for k, name in enumerate(columns)}))
    return pd.concat(parts)


def _of_trained_emotions(rows: pd.DataFrame) -> list[str]:
    """Columns of the probabilities of emotions that the model of a fold was trained on; others are 0 in all rows."""
    return [column for column in probability_columns(rows) if (rows[column] > 0).any()]


def dev_temperatures(predictions: pd.DataFrame) -> dict[int, float]:
    """Fold -> temperature that minimises the cross-entropy of its dev rows.

    Dev rows of an emotion that the model was not trained on are left out. A fold without other dev rows gets 1.

    Examples
    --------
    >>> predictions = pd.DataFrame({"truth": ["sad", "sad", "sad", "calm"], "p_calm": 0.1, "p_sad": 0.9})
    >>> found = dev_temperatures(predictions.assign(fold=0, partition="dev"))
    >>> round(found[0], 2)  # confidence 0.9, accuracy 0.75
    2.0
    """
    found: dict[int, float] = {}
    for fold, rows in predictions.groupby("fold"):
        columns = _of_trained_emotions(rows)
        code_of = {column.removeprefix("p_"): k for k, column in enumerate(columns)}
        dev = rows[(rows["partition"] == "dev") & rows["truth"].isin(code_of)]
        codes = np.asarray(dev["truth"].map(code_of), np.intp)
        found[int(str(fold))] = calibration.best_temperature(dev[columns].to_numpy(), codes) if len(dev) else 1.0
    return found


def calibration_scores(predictions: pd.DataFrame, *, n_bins: int) -> dict[str, float]:
    """Expected calibration error (`ece`), cross-entropy and mean confidence of a table of predictions.

    Examples
    --------
    >>> predictions = pd.DataFrame({"truth": ["sad", "calm"], "prediction": "sad", "p_calm": 0.2, "p_sad": 0.8})
    >>> found = calibration_scores(predictions, n_bins=10)
    >>> {name: round(score, 2) for name, score in found.items()}
    {'ece': 0.3, 'cross_entropy': 0.92, 'confidence': 0.8}
    """
    columns = probability_columns(predictions)
    labels = metrics.labels_of(predictions)
    codes = np.asarray(predictions["truth"].map({label: k for k, label in enumerate(labels)}), float)
    known = np.isfinite(codes)  # an emotion without a column has no probability
    values: npt.NDArray[np.float64] = predictions[columns].to_numpy()
    return {
        "ece": metrics.expected_calibration_error(predictions, n_bins=n_bins),
        "cross_entropy": calibration.cross_entropy(values[known], codes[known].astype(np.intp)),
        "confidence": float(values.max(axis=1).mean()),
    }
