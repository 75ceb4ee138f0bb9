"""Scores of groups of utterances: of every speaker, sex, corpus, intensity, and class."""

import pandas as pd
from sklearn.metrics import precision_recall_fscore_support

from ser.evaluation import metrics

UNKNOWN = "unknown"
SCORES = ("n_utterances", "n_speakers", "n_emotions", "uar", "uar_low", "uar_high", "accuracy")


def scores_by(predictions: pd.DataFrame, column: str, *, n_resamples: int, seed: int) -> pd.DataFrame:
    """Scores of each value of `column`, in their order; `unknown`, where it is missing, comes last.

    Parameters
    ----------
    n_resamples
        Of the bootstrap over speakers; 0 gives no intervals.

    Returns
    -------
    DataFrame
        The column, and `SCORES`. A UAR is over the emotions that the group has, of which there are `n_emotions`; its
        interval is missing below 6 speakers.
    """
    found = [
        {column: str(name), **_scores(rows, n_resamples=n_resamples, seed=seed)}
        for name, rows in predictions.groupby(column)
    ]
    unknown = predictions[predictions[column].isna()]
    if not unknown.empty:
        found.append({column: UNKNOWN, **_scores(unknown, n_resamples=n_resamples, seed=seed)})
    return pd.DataFrame(found, columns=[column, *SCORES])


def _scores(rows: pd.DataFrame, *, n_resamples: int, seed: int) -> dict[str, float | int | None]:
    own = metrics.scores(rows)
    low, high = metrics.uar_interval(rows, n_resamples=n_resamples, seed=seed) if n_resamples else (None, None)
    return {
        "n_utterances": len(rows),
        "n_speakers": int(rows["speaker"].nunique()),
        "n_emotions": int(rows["truth"].nunique()),
        "uar": own["uar"],
        "uar_low": low,
        "uar_high": high,
        "accuracy": own["accuracy"],
    }


def scores_of_classes(predictions: pd.DataFrame) -> pd.DataFrame:
    """emotion, precision, recall, f1, n_annotated, n_predicted of every class.

    A class that is never annotated has no recall, one that is never predicted no precision; F1 is missing where both
    are.
    """
    labels = metrics.labels_of(predictions)
    truth, prediction = predictions["truth"], predictions["prediction"]
    precision, recall, f1, n_annotated = precision_recall_fscore_support(
        truth, prediction, labels=labels, zero_division=0
    )
    n_predicted = prediction.value_counts().reindex(labels, fill_value=0).to_numpy()
    return pd.DataFrame(
        {
            "emotion": labels,
            "precision": pd.Series(precision).where(n_predicted > 0),
            "recall": pd.Series(recall).where(n_annotated > 0),
            "f1": pd.Series(f1).where((n_annotated > 0) | (n_predicted > 0)),
            "n_annotated": n_annotated,
            "n_predicted": n_predicted,
        }
    )


def confusions(predictions: pd.DataFrame, *, n: int) -> pd.DataFrame:
    """The `n` confusions that take the largest shares of their annotated emotion: truth, prediction, count, share."""
    annotated = predictions["truth"].value_counts()
    wrong = predictions[predictions["truth"] != predictions["prediction"]]
    found = wrong.groupby(["truth", "prediction"]).size().rename("count").reset_index()
    found["share"] = found["count"] / found["truth"].map(annotated).astype(float)
    return found.sort_values(["share", "truth", "prediction"], ascending=[False, True, True], ignore_index=True).head(n)
