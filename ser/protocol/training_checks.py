"""Refusals of a training that the utterances alone decide, so that they need not wait for features."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ser.core.overrides import how_to_drop
from ser.protocol.balancing import check_counts

BY_CORPORA = "corpora"  # value of `training.calibration`


def check_trainable(
    table: pd.DataFrame,
    utterances: pd.DataFrame,
    *,
    balance: Mapping[str, Any],
    n_variants: int,
    calibration: str | None,
) -> None:
    """Check that every fold has the training rows that balancing and calibration need.

    Parameters
    ----------
    table
        Columns fold, utterance and partition.
    utterances
        Columns utterance, corpus and emotion.
    balance
        Settings of the balancing.
    n_variants
        Rows of an utterance: the recording itself, and its augmented variants.
    calibration
        Setting of a classifier of scikit-learn, whose probabilities are calibrated on training utterances; None: of a
        model of another kind.

    Raises
    ------
    ValueError
        If a fold has too few; the message names it where there are several.

    Examples
    --------
    >>> table = pd.DataFrame({"fold": 0, "utterance": ["1", "2", "3"], "partition": "train"})
    >>> utterances = pd.DataFrame({"utterance": ["1", "2", "3"], "corpus": "x", "emotion": ["sad", "sad", "calm"]})
    >>> check_trainable(table, utterances, balance={"name": "none"}, n_variants=1, calibration=None)
    """
    training = table[table["partition"] == "train"].merge(
        utterances[["utterance", "corpus", "emotion"]], on="utterance"
    )
    for fold, rows in training.groupby("fold"):
        count = rows["emotion"].value_counts()
        try:
            check_counts(count * n_variants, **balance)
            if calibration is not None:
                check_calibration(count)
            if calibration == BY_CORPORA:
                check_calibration_on_corpora(rows["emotion"], rows["corpus"])
        except ValueError as error:
            where = f"fold {fold}: " if table["fold"].nunique() > 1 else ""
            raise ValueError(f"{where}{error}") from None


def check_calibration(count: pd.Series) -> None:
    """Check that probabilities can be calibrated.

    Parameters
    ----------
    count
        Emotion (index) -> number of training utterances.

    Raises
    ------
    ValueError
        If an emotion has a single one.

    Examples
    --------
    >>> check_calibration(pd.Series({"sad": 9, "calm": 1}))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: training has one utterance of calm, so its probabilities cannot be calibrated; choose ...
    """
    if count.min() < 2:
        raise ValueError(
            f"training has one utterance of {count.idxmin()}, so its probabilities cannot be calibrated; choose another"
            f" partition, or {how_to_drop(str(count.idxmin()))}"
        )


def check_calibration_on_corpora(emotion: pd.Series, corpus: pd.Series) -> None:
    """Check that probabilities can be calibrated for corpora that were not trained on.

    Parameters
    ----------
    emotion, corpus
        Of each training utterance.

    Raises
    ------
    ValueError
        If only one corpus has an emotion.

    Examples
    --------
    >>> emotion, corpus = pd.Series(["sad", "sad", "calm"]), pd.Series(["a", "b", "a"])
    >>> check_calibration_on_corpora(emotion, corpus)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: training.calibration is corpora, and training has calm from one corpus; choose ...
    """
    n_corpora = corpus.groupby(emotion).nunique()
    if n_corpora.min() < 2:
        raise ValueError(
            f"training.calibration is {BY_CORPORA}, and training has {n_corpora.idxmin()} from one corpus; choose -S"
            " training.calibration=speakers, or emotions that several corpora have"
        )
