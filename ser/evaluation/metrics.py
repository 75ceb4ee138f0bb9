"""Scores of a table of predictions, pooled over folds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import bootstrap
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from ser.core.tables import probability_columns

MIN_SPEAKERS = 6  # fewer speakers say too little of others for an interval
CONFIDENCE_LEVEL = 0.95
DIGITS = 6


def labels_of(predictions: pd.DataFrame) -> list[str]:
    """The ordered classes of a table of predictions."""
    return [column.removeprefix("p_") for column in probability_columns(predictions)]


def scores(predictions: pd.DataFrame) -> dict[str, float]:
    """UAR, accuracy, F1 and every class's recall.

    Classes without an annotated utterance have no recall and do not count in the averages.
    """
    truth, prediction = predictions["truth"], predictions["prediction"]
    present = [label for label in labels_of(predictions) if (truth == label).any()]
    recall = recall_score(truth, prediction, labels=present, average=None, zero_division=0)
    f1 = {
        average: f1_score(truth, prediction, labels=present, average=average, zero_division=0)
        for average in ("macro", "weighted")
    }
    return {
        "uar": _rounded(recall.mean()),
        "accuracy": _rounded(accuracy_score(truth, prediction)),
        "f1_macro": _rounded(f1["macro"]),
        "f1_weighted": _rounded(f1["weighted"]),
        **{f"recall.{label}": _rounded(value) for label, value in zip(present, recall, strict=True)},
    }


def uar_interval(predictions: pd.DataFrame, *, n_resamples: int, seed: int) -> tuple[float, float] | tuple[None, None]:
    """95 % percentile bootstrap of the UAR over speakers; (None, None) below 6 speakers, or where some are unknown.

    Utterances of one speaker are alike, so resampling utterances would promise too much.

    References
    ----------
    .. [1] Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13; clusters: Field and Welsh (2007),
       Bootstrapping clustered data, JRSS B 69(3): 369-390.
    """
    speaker = predictions["speaker"]
    if speaker.isna().any() or speaker.nunique() < MIN_SPEAKERS:
        return None, None
    labels = labels_of(predictions)
    confusion = np.stack(
        [
            confusion_matrix(rows["truth"], rows["prediction"], labels=labels)
            for _, rows in predictions.groupby("speaker")
        ]
    )

    def uar(drawn: npt.NDArray[np.intp], axis: int = -1) -> npt.NDArray[np.float64]:
        return _uar(confusion[drawn].sum(axis=drawn.ndim - 1))

    interval = bootstrap(
        (np.arange(len(confusion)),),
        uar,
        vectorized=True,
        method="percentile",
        confidence_level=CONFIDENCE_LEVEL,
        n_resamples=n_resamples,
        batch=200,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return _rounded(interval.low), _rounded(interval.high)


def _uar(confusion: npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
    """UAR of confusion matrices `(…, n_labels, n_labels)`, over the classes that have rows."""
    support = confusion.sum(axis=-1)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    recall = np.divide(hits, support, out=np.zeros(support.shape), where=support > 0)
    return np.asarray(recall.sum(axis=-1) / (support > 0).sum(axis=-1))


def expected_calibration_error(predictions: pd.DataFrame, *, n_bins: int) -> float:
    """Mean difference of confidence and accuracy over `n_bins` equally wide bins of confidence.

    References
    ----------
    .. [1] Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, ICML, equation 3.
    """
    rows = by_confidence(predictions, n_bins=n_bins)
    difference = (rows["hit"] - rows["confidence"]).groupby(rows["bin"]).sum().abs().sum()
    return _rounded(difference / len(predictions))


def by_confidence(predictions: pd.DataFrame, *, n_bins: int) -> pd.DataFrame:
    """confidence, hit (1 or 0) and bin, of `n_bins` equally wide ones: a bound is in the bin above, 1 in the last."""
    confidence = predictions[probability_columns(predictions)].max(axis=1)
    hit = (predictions["truth"] == predictions["prediction"]).astype(float)
    number = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    return pd.DataFrame({"confidence": confidence, "hit": hit, "bin": number})


def metrics(
    predictions: pd.DataFrame,
    *,
    protocol: str,
    speaker_independent: bool,
    test: bool,
    n_resamples: int,
    n_bins: int,
    seed: int,
    transductive: bool = False,
) -> dict[str, Any]:
    """The flat table of `metrics.json`; without `test`, the dev figures alone.

    `transductive` is in it where it is true, and nowhere else.
    """
    developed = predictions[predictions["partition"] == "dev"]
    dev = scores(developed)
    dev_scores = {"dev.uar": dev["uar"], "dev.accuracy": dev["accuracy"]}
    dev_scores |= {f"dev.corpus.{name}.uar": scores(rows)["uar"] for name, rows in by_corpus(developed)}
    study: dict[str, Any] = {"speaker_independent": speaker_independent, "protocol": protocol}
    study |= {"transductive": True} if transductive else {}
    if not test:
        return {**study, **dev_scores}
    tested = predictions[predictions["partition"] == "test"]
    low, high = uar_interval(tested, n_resamples=n_resamples, seed=seed)
    return {
        **scores(tested),
        "uar_low": low,
        "uar_high": high,
        **of_few_speakers(tested),
        "ece": expected_calibration_error(tested, n_bins=n_bins),
        "n_utterances": len(tested),
        "n_speakers": int(tested["speaker"].nunique()),
        **study,
        **dev_scores,
        **per_corpus(tested, n_resamples=n_resamples, seed=seed),
    }


def per_corpus(predictions: pd.DataFrame, *, n_resamples: int, seed: int) -> dict[str, float | int | None]:
    """UAR with its interval, accuracy and counts of each corpus, as `corpus.<name>.…`; nothing of a single corpus.

    A UAR is over the emotions that the corpus has.
    """
    found: dict[str, float | int | None] = {}
    for name, rows in by_corpus(predictions):
        own = scores(rows)
        low, high = uar_interval(rows, n_resamples=n_resamples, seed=seed)
        figures = {"uar": own["uar"], "uar_low": low, "uar_high": high, "accuracy": own["accuracy"]}
        counts = {"n_utterances": len(rows), "n_speakers": int(rows["speaker"].nunique())}
        found |= {f"corpus.{name}.{key}": value for key, value in (figures | counts).items()}
        found |= of_few_speakers(rows)
    return found


def of_few_speakers(predictions: pd.DataFrame) -> dict[str, float]:
    """UAR on each of fewer than 6 speakers, as `speaker.<name>.uar`, where there is no interval; nothing of more.

    A UAR is over the emotions that the speaker has. Those who are not known are left out.
    """
    parts = list(predictions.groupby("speaker")) if predictions["speaker"].nunique() < MIN_SPEAKERS else []
    return {f"speaker.{name}.uar": scores(rows)["uar"] for name, rows in parts}


def speakers_of(figures: Mapping[str, Any]) -> dict[str, float]:
    """UAR of each speaker that a `metrics.json` names, since they are too few for an interval."""
    start, end = "speaker.", ".uar"
    return {name.removeprefix(start).removesuffix(end): figures[name] for name in figures if name.startswith(start)}


def by_corpus(predictions: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Rows of each corpus, if there are several: an average must not hide a bad one."""
    parts = [(str(name), rows) for name, rows in predictions.groupby("corpus")]
    return parts if len(parts) > 1 else []


def _rounded(value: float) -> float:
    return round(float(value), DIGITS)
