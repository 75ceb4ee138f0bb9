"""Weights of the rows of a table of several corpora, with which a classifier is fitted."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser.core.tables import ORIGINAL
from ser.models.classifiers import BY_CORPUS
from ser.protocol.across_corpora import corpus_of


def row_weights(rows: pd.DataFrame, architecture: Mapping[str, object]) -> npt.NDArray[np.float64] | None:
    """Weight of each row in the scaler and the classifier of a model; None if all rows weigh alike in the scaler.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["a/1", "a/2", "b/1"], "emotion": "sad"})
    >>> row_weights(rows, {"class_weight": "by_corpus"}).tolist(), row_weights(rows, {"class_weight": "balanced"})
    ([0.75, 0.75, 1.5], None)
    """
    if architecture.get("class_weight") != BY_CORPUS:
        return None
    return weights_by_corpus(rows, variant_weight=float(str(architecture.get("variant_weight", 1.0))))


def weights_by_corpus(rows: pd.DataFrame, *, variant_weight: float = 1.0) -> npt.NDArray[np.float64]:
    """Weight of each row, with mean 1: all corpora have the same weight, and in a corpus all its emotions.

    Parameters
    ----------
    variant_weight
        Weight of an augmented variant relative to a recording of its corpus and emotion.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["a/1", "a/2", "a/3", "b/1"], "emotion": ["sad", "sad", "calm", "sad"]})
    >>> weights_by_corpus(rows).round(2).tolist()
    [0.5, 0.5, 1.0, 2.0]
    >>> rows["variant"] = ["original", "other_conditions", "original", "original"]
    >>> weights_by_corpus(rows, variant_weight=0.25).round(2).tolist()
    [0.8, 0.2, 1.0, 2.0]
    """
    corpus = corpus_of(rows)
    share = pd.Series(1.0, rows.index)
    if variant_weight != 1:
        share = share.where(rows["variant"] == ORIGINAL, variant_weight)
    of_emotion = share.groupby([corpus, rows["emotion"]]).transform("sum")
    n_emotions = rows.groupby(corpus)["emotion"].transform("nunique")
    return np.asarray(len(rows) / (corpus.nunique() * n_emotions * of_emotion) * share, np.float64)
