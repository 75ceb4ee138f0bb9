"""How often a recogniser is right where it is how sure."""

import numpy as np
import pandas as pd

from ser.metrics import DIGITS, labels_of


def bins(predictions: pd.DataFrame, *, n_bins: int) -> pd.DataFrame:
    """Reliability diagram: mean confidence and share of hits in equally wide bins of confidence; empty ones left out.

    The mean of their distances, weighted by `n_utterances`, is the expected calibration error.

    Returns
    -------
    pandas.DataFrame
        low, high, confidence, accuracy, n_utterances; a confidence on a bound is in the bin above, 1 in the last.

    References
    ----------
    .. [1] Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, ICML, section 2.
    """
    confidence = predictions[[f"p_{label}" for label in labels_of(predictions)]].max(axis=1).to_numpy(float)
    hit = (predictions["truth"] == predictions["prediction"]).to_numpy(float)
    number = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    rows = pd.DataFrame({"confidence": confidence, "accuracy": hit, "n_utterances": 1}).groupby(number)
    found = rows.agg({"confidence": "mean", "accuracy": "mean", "n_utterances": "sum"})
    edges = np.linspace(0, 1, n_bins + 1)
    found.insert(0, "low", edges[found.index])
    found.insert(1, "high", edges[found.index + 1])
    return found.reset_index(drop=True).round(DIGITS)
