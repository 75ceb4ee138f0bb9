"""Scores of each speaker, sex, corpus, intensity and class."""

import pandas as pd
from sklearn.metrics import precision_recall_fscore_support

from ser.core.sexes import UNKNOWN
from ser.evaluation import metrics

SCORES = ("n_utterances", "n_speakers", "n_emotions", "uar", "uar_low", "uar_high", "accuracy")


def scores_by(predictions: pd.DataFrame, column: str, *, n_resamples: int, seed: int) -> pd.DataFrame:
    """Scores of each group of utterances with the same value of `column`, sorted by value.

    Utterances without a value form the last group, `unknown`.

    Parameters
    ----------
    n_resamples
        Number of bootstrap samples of speakers; 0 gives no intervals.

    Returns
    -------
    DataFrame
        `column` and `SCORES`. The UAR is the mean over the `n_emotions` emotions annotated in the group; its interval
        is missing with fewer than 6 speakers.

    Examples
    --------
    >>> rows = pd.DataFrame({"sex": ["male", "male", "female"], "speaker": ["a", "a", "b"], "truth": "sad"})
    >>> rows = rows.assign(prediction=["sad", "calm", "sad"], p_calm=0.5, p_sad=0.5)
    >>> scores_by(rows, "sex", n_resamples=0, seed=0)[["sex", "n_utterances", "uar"]].values.tolist()
    [['female', 1, 1.0], ['male', 2, 0.5]]
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
    """Precision, recall, F1, n_annotated and n_predicted of each emotion.

    Recall is missing for a class without annotated utterances, precision for a class that is never predicted, and F1
    for a class with neither.

    Examples
    --------
    >>> predictions = pd.DataFrame({"truth": ["sad", "sad", "calm"], "prediction": ["sad", "calm", "calm"]})
    >>> found = scores_of_classes(predictions.assign(p_calm=0.5, p_sad=0.5))
    >>> found[["emotion", "precision", "recall"]].to_dict("records")
    [{'emotion': 'calm', 'precision': 0.5, 'recall': 1.0}, {'emotion': 'sad', 'precision': 1.0, 'recall': 0.5}]
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


def largest_confusions(predictions: pd.DataFrame, *, n: int) -> pd.DataFrame:
    """The `n` confusions with the largest share of their annotated emotion: truth, prediction, count, share.

    More than `n` if others have the share of the last one.

    Examples
    --------
    >>> rows = pd.DataFrame({"truth": ["sad", "sad", "calm"], "prediction": ["sad", "calm", "calm"]})
    >>> largest_confusions(rows, n=1).to_dict("records")
    [{'truth': 'sad', 'prediction': 'calm', 'count': 1, 'share': 0.5}]
    """
    annotated = predictions["truth"].value_counts()
    wrong = predictions[predictions["truth"] != predictions["prediction"]]
    found = wrong.groupby(["truth", "prediction"]).size().rename("count").reset_index()
    found["share"] = found["count"] / found["truth"].map(annotated).astype(float)
    found = found.sort_values(["share", "truth", "prediction"], ascending=[False, True, True], ignore_index=True)
    return found.nlargest(n, "share", keep="all")
