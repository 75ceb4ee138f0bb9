"""Scores of a table of predictions, pooled over folds."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import bootstrap
from sklearn.metrics import classification_report, confusion_matrix, precision_recall_fscore_support

from ser.core.tables import probability_columns
from ser.evaluation.written_scores import CORPUS_MEAN, MIN_SPEAKERS_OF_INTERVAL, uar_by_corpus

CONFIDENCE_LEVEL = 0.95
SCORE_DIGITS = 6
ROUNDING = 9  # digits of a bin's number that are not rounding errors: a probability has 6


def labels_of(predictions: pd.DataFrame) -> list[str]:
    """Ordered class names of a table of predictions.

    Examples
    --------
    >>> labels_of(pd.DataFrame(columns=["truth", "prediction", "p_sad", "p_neutral"]))
    ['neutral', 'sad']
    """
    return [column.removeprefix("p_") for column in probability_columns(predictions)]


def scores(predictions: pd.DataFrame) -> dict[str, float]:
    """UAR, accuracy, F1 and the recall of each class.

    Classes without annotated utterances have no recall and do not count in the averages.

    Examples
    --------
    >>> rows = pd.DataFrame({"truth": ["sad", "sad", "calm"], "prediction": ["sad", "calm", "calm"]})
    >>> scores(rows.assign(p_calm=0.5, p_sad=0.5))["uar"]
    0.75
    """
    truth, prediction = predictions["truth"], predictions["prediction"]
    present = [label for label in labels_of(predictions) if (truth == label).any()]
    # One call for all scores, since most of its time is spent on checks: a report has dozens of groups.
    _, recall, f1, support = precision_recall_fscore_support(truth, prediction, labels=present, zero_division=0)
    return {
        "uar": _rounded(recall.mean()),
        "accuracy": _rounded((truth == prediction).mean()),
        "f1_macro": _rounded(f1.mean()),
        "f1_weighted": _rounded(np.average(f1, weights=support)),
        **{f"recall.{label}": _rounded(value) for label, value in zip(present, recall, strict=True)},
    }


def uar_interval(predictions: pd.DataFrame, *, n_resamples: int, seed: int) -> tuple[float, float] | tuple[None, None]:
    """95 % confidence interval of the UAR: a percentile bootstrap over speakers [1]_.

    The bootstrap draws speakers because utterances of one speaker are alike [2]_: an interval from drawn utterances
    would be too narrow. (None, None) with fewer than 6 speakers or where a speaker is unknown.

    References
    ----------
    .. [1] Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    .. [2] Field and Welsh (2007), Bootstrapping clustered data, JRSS B 69(3): 369-390.

    Examples
    --------
    >>> rows = pd.DataFrame({"speaker": list("abcdef") * 2, "truth": ["sad"] * 6 + ["calm"] * 6, "prediction": "sad"})
    >>> uar_interval(rows.assign(p_calm=0.4, p_sad=0.6), n_resamples=99, seed=0)  # the same for each speaker
    (0.5, 0.5)
    """
    speaker = predictions["speaker"]
    if speaker.isna().any() or speaker.nunique() < MIN_SPEAKERS_OF_INTERVAL:
        return None, None
    labels = labels_of(predictions)
    by_speaker = (rows for _, rows in predictions.groupby("speaker"))
    confusion = np.stack([confusion_matrix(rows["truth"], rows["prediction"], labels=labels) for rows in by_speaker])

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
    """UAR of each confusion matrix `(…, n_labels, n_labels)`, over the classes with annotated utterances."""
    support = confusion.sum(axis=-1)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    recall = np.divide(hits, support, out=np.zeros(support.shape), where=support > 0)
    return np.asarray(recall.sum(axis=-1) / (support > 0).sum(axis=-1))


def expected_calibration_error(predictions: pd.DataFrame, *, n_bins: int) -> float:
    """Expected calibration error: mean distance of confidence and accuracy over `n_bins` equally wide bins [1]_.

    Each bin counts in proportion to its utterances.

    References
    ----------
    .. [1] Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, ICML, equation 3.

    Examples
    --------
    >>> rows = pd.DataFrame({"truth": ["sad", "calm"], "prediction": "sad", "p_calm": 0.2, "p_sad": 0.8})
    >>> expected_calibration_error(rows, n_bins=10)  # confidence 0.8, accuracy 0.5
    0.3
    """
    rows = confidence_bins(predictions, n_bins=n_bins)
    difference = (rows["hit"] - rows["confidence"]).groupby(rows["bin"]).sum().abs().sum()
    return _rounded(difference / len(predictions))


def confidence_bins(predictions: pd.DataFrame, *, n_bins: int) -> pd.DataFrame:
    """Confidence, hit (1 or 0) and bin of each prediction.

    There are `n_bins` equally wide bins, numbered from 0. A confidence on a bound falls into the upper bin, and 1 into
    the last.

    Examples
    --------
    >>> predictions = pd.DataFrame({"truth": ["sad"], "prediction": ["sad"], "p_calm": 0.2, "p_sad": 0.8})
    >>> confidence_bins(predictions, n_bins=10).to_dict("records")
    [{'confidence': 0.8, 'hit': 1.0, 'bin': 8}]
    """
    confidence = predictions[probability_columns(predictions)].max(axis=1)
    hit = (predictions["truth"] == predictions["prediction"]).astype(float)
    number = np.minimum((confidence * n_bins).round(ROUNDING).astype(int), n_bins - 1)  # 0.29 * 100 is below 29
    return pd.DataFrame({"confidence": confidence, "hit": hit, "bin": number})


def study_metrics(
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
    """Content of `metrics.json`, flat; without `test`, only the scores of the dev partition.

    The key `transductive` is present only where its value is true.

    Examples
    --------
    >>> rows = pd.DataFrame({"partition": ["dev", "test", "test"], "corpus": "x", "speaker": ["a", "b", "b"]})
    >>> rows = rows.assign(truth=["sad", "sad", "calm"], prediction="sad", p_calm=0.25, p_sad=0.75)
    >>> how = {"protocol": "random", "speaker_independent": True, "n_resamples": 99, "n_bins": 10, "seed": 0}
    >>> found = study_metrics(rows, test=True, **how)
    >>> found["dev.uar"], found["uar"], found["uar_low"], found["ece"]  # no interval for one speaker
    (1.0, 0.5, None, 0.25)
    """
    developed = predictions[predictions["partition"] == "dev"]
    dev = scores(developed)
    dev_scores = {"dev.uar": dev["uar"], "dev.accuracy": dev["accuracy"]}
    dev_scores |= {f"dev.corpus.{name}.uar": scores(rows)["uar"] for name, rows in rows_by_corpus(developed)}
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
        **uar_of_few_speakers(tested),
        "ece": expected_calibration_error(tested, n_bins=n_bins),
        "n_utterances": len(tested),
        "n_speakers": int(tested["speaker"].nunique()),
        **study,
        **dev_scores,
        **scores_per_corpus(tested, n_resamples=n_resamples, seed=seed),
    }


def scores_per_corpus(predictions: pd.DataFrame, *, n_resamples: int, seed: int) -> dict[str, float | int | None]:
    """UAR with its interval, accuracy and counts of each corpus, as `corpus.<name>.…`; empty for a single corpus.

    The UAR of a corpus is the mean recall of the emotions annotated in that corpus; a prediction of another emotion is
    a miss. `CORPUS_MEAN` is the mean over the corpora, in which all of them count alike.

    Examples
    --------
    >>> predictions = pd.DataFrame({"corpus": ["emodb", "ravdess"], "speaker": ["a", "b"], "truth": "sad"})
    >>> predictions = predictions.assign(prediction=["sad", "calm"], p_calm=0.5, p_sad=0.5)
    >>> found = scores_per_corpus(predictions, n_resamples=100, seed=0)
    >>> found["corpus.emodb.uar"], found["corpus.ravdess.uar"], found["corpus_mean.uar"]
    (1.0, 0.0, 0.5)
    """
    found: dict[str, float | int | None] = {}
    for name, rows in rows_by_corpus(predictions):
        own = scores(rows)
        low, high = uar_interval(rows, n_resamples=n_resamples, seed=seed)
        figures = {"uar": own["uar"], "uar_low": low, "uar_high": high, "accuracy": own["accuracy"]}
        counts = {"n_utterances": len(rows), "n_speakers": int(rows["speaker"].nunique())}
        found |= {f"corpus.{name}.{key}": value for key, value in (figures | counts).items()}
        found |= uar_of_few_speakers(rows)
    if of_each := uar_by_corpus(found):
        found[CORPUS_MEAN] = _rounded(sum(of_each.values()) / len(of_each))
    return found


def uar_of_few_speakers(predictions: pd.DataFrame) -> dict[str, float]:
    """UAR of each speaker, as `speaker.<name>.uar`, for fewer than 6 speakers; empty for more.

    These scores stand in for the interval, which needs 6 speakers. The UAR of a speaker is the mean over the emotions
    of that speaker. Utterances of unknown speakers are left out.

    Examples
    --------
    >>> rows = pd.DataFrame({"speaker": ["a", "b"], "truth": "sad", "prediction": ["sad", "calm"]})
    >>> uar_of_few_speakers(rows.assign(p_calm=0.5, p_sad=0.5))
    {'speaker.a.uar': 1.0, 'speaker.b.uar': 0.0}
    """
    parts = list(predictions.groupby("speaker")) if predictions["speaker"].nunique() < MIN_SPEAKERS_OF_INTERVAL else []
    return {f"speaker.{name}.uar": scores(rows)["uar"] for name, rows in parts}


def rows_by_corpus(predictions: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Name and rows of each corpus; empty for a single corpus.

    Several corpora are also scored one by one, because their common mean can hide a corpus with a low score.

    Examples
    --------
    >>> predictions = pd.DataFrame({"corpus": ["emodb", "ravdess", "emodb"]})
    >>> [(name, len(rows)) for name, rows in rows_by_corpus(predictions)]
    [('emodb', 2), ('ravdess', 1)]
    """
    parts = [(str(name), rows) for name, rows in predictions.groupby("corpus")]
    return parts if len(parts) > 1 else []


def classification_reports(predictions: pd.DataFrame) -> str:
    """Precision, recall and F1 of each class as text: of all rows, then of each corpus if there are several.

    Examples
    --------
    >>> rows = pd.DataFrame({"corpus": "x", "truth": ["sad", "calm"], "prediction": "sad", "p_calm": 0.2, "p_sad": 0.8})
    >>> [line.split() for line in classification_reports(rows).splitlines()[:4:3]]
    [['precision', 'recall', 'f1-score', 'support'], ['sad', '0.500', '1.000', '0.667', '1']]
    """
    labels = labels_of(predictions)
    parts = [("", predictions), *((f"{name} alone\n", rows) for name, rows in rows_by_corpus(predictions))]
    reports = (
        classification_report(rows["truth"], rows["prediction"], labels=labels, digits=3, zero_division=0)
        for _, rows in parts
    )
    return "\n".join(f"{head}{report}" for (head, _), report in zip(parts, reports, strict=True))


def _rounded(value: float) -> float:
    return round(float(value), SCORE_DIGITS)
