"""How far probabilities can be believed: reliability, and what another temperature would change."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser.core.tables import probability_columns
from ser.evaluation import metrics
from ser.models import calibration


def bins(predictions: pd.DataFrame, *, n_bins: int) -> pd.DataFrame:
    """Reliability diagram: mean confidence and share of hits in equally wide bins of confidence; empty ones left out.

    The mean of their distances, weighted by `n_utterances`, is the expected calibration error.

    Returns
    -------
    DataFrame
        low, high, confidence, accuracy, n_utterances; a confidence on a bound is in the bin above, 1 in the last.

    References
    ----------
    .. [1] Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, ICML, section 2.
    """
    rows = metrics.by_confidence(predictions, n_bins=n_bins).rename(columns={"hit": "accuracy"}).assign(n_utterances=1)
    found = rows.groupby("bin").agg({"confidence": "mean", "accuracy": "mean", "n_utterances": "sum"})
    edges = np.linspace(0, 1, n_bins + 1)
    found.insert(0, "low", edges[found.index])
    found.insert(1, "high", edges[found.index + 1])
    return found.reset_index(drop=True).round(metrics.DIGITS)


def at_temperature(predictions: pd.DataFrame, temperature: Mapping[int, float]) -> pd.DataFrame:
    """`predictions` whose logits are divided by the temperature of their fold; what is predicted stays."""
    columns = probability_columns(predictions)
    parts = []
    for fold, rows in predictions.groupby("fold"):
        softened = calibration.softened(rows[columns].to_numpy(), temperature[int(str(fold))])
        parts.append(rows.assign(**{name: softened[:, k] for k, name in enumerate(columns)}))
    return pd.concat(parts)


def dev_temperatures(predictions: pd.DataFrame) -> dict[int, float]:
    """Fold -> temperature by which the probabilities of its dev rows fit best.

    Dev rows of an emotion that the fold did not train say nothing of it; a fold without other ones gets 1.
    """
    columns = probability_columns(predictions)
    labels = metrics.labels_of(predictions)
    found: dict[int, float] = {}
    for fold, rows in predictions.groupby("fold"):
        trained = [label for label, column in zip(labels, columns, strict=True) if (rows[column] > 0).any()]
        dev = rows[(rows["partition"] == "dev") & rows["truth"].isin(trained)]
        codes = np.asarray(dev["truth"].map({label: k for k, label in enumerate(labels)}), np.intp)
        found[int(str(fold))] = calibration.best_temperature(dev[columns].to_numpy(), codes) if len(dev) else 1.0
    return found


def figures(predictions: pd.DataFrame, *, n_bins: int) -> dict[str, float]:
    """ece, cross_entropy and confidence (its mean) of a table of predictions."""
    columns = probability_columns(predictions)
    labels = metrics.labels_of(predictions)
    codes = np.asarray(predictions["truth"].map({label: k for k, label in enumerate(labels)}), float)
    known = np.isfinite(codes)  # a label without a column has no probability
    values: npt.NDArray[np.float64] = predictions[columns].to_numpy()
    return {
        "ece": metrics.expected_calibration_error(predictions, n_bins=n_bins),
        "cross_entropy": calibration.cross_entropy(values[known], codes[known].astype(np.intp)),
        "confidence": float(values.max(axis=1).mean()),
    }
