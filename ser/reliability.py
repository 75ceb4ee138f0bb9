"""How far probabilities can be believed: reliability, and what another temperature would change."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser import metrics
from ser.models import calibration
from ser.tables import probability_columns

BINS = ("low", "high", "n", "confidence", "accuracy")


def bins(predictions: pd.DataFrame, *, n_bins: int) -> pd.DataFrame:
    """Mean confidence and accuracy of the utterances in each of `n_bins` equally wide bins of confidence.

    Returns
    -------
    DataFrame
        low, high, n, confidence, accuracy; empty bins are left out. The mean of |confidence - accuracy|, weighted by n,
        is `metrics.expected_calibration_error`.

    References
    ----------
    .. [1] Niculescu-Mizil and Caruana (2005), Predicting good probabilities with supervised learning, ICML.
    """
    confidence = predictions[probability_columns(predictions)].max(axis=1)
    hit = (predictions["truth"] == predictions["prediction"]).astype(float)
    number = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    parts = pd.DataFrame({"bin": number, "confidence": confidence, "accuracy": hit}).groupby("bin")
    found = parts.mean().assign(n=parts.size()).reset_index()
    return found.assign(low=found["bin"] / n_bins, high=(found["bin"] + 1) / n_bins)[list(BINS)]


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
