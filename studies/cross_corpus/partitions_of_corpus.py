"""Partitions in which a corpus is trained on, tested in folds, or tested by models of all others."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ser.core.wording import counted
from studies.cross_corpus import ACROSS, LEFT_OUT, WITHIN

N_FOLDS = 5  # folds of speakers within a corpus; fewer if the corpus has fewer speakers
MIN_SPEAKERS_ACROSS = 2  # train and dev
MIN_SPEAKERS_WITHIN = 3  # train, dev and test
MIN_OTHERS = 2  # training corpora; a single one is a pair already
BALANCE = {LEFT_OUT: {"name": "by_corpus"}}
"""File name -> balancing of its training rows, where it is not that of the study."""


def of_corpus(
    corpus: str, utterances: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, tuple[pd.DataFrame, dict[str, Any]]]:
    """File name -> utterances and settings of the partition; empty if the corpus is missing or nothing can be trained.

    The partition of `LEFT_OUT` is one fold of `leave_one_corpus_out`.

    Examples
    --------
    >>> utterances = pd.DataFrame({"corpus": list("aab"), "speaker": ["a/1", "a/2", "b/1"]})
    >>> {name: settings for name, (_, settings) in of_corpus("a", utterances, {"name": "cross_corpus"}).items()}
    {'across.csv': {'name': 'cross_corpus', 'train_corpora': ['a'], 'test_corpora': ['b']}}
    """
    rows = utterances[utterances["corpus"] == corpus]
    others = sorted(set(utterances["corpus"]) - {corpus})
    n_speakers = rows["speaker"].nunique()
    n_of_others = utterances[utterances["corpus"] != corpus].groupby("corpus")["speaker"].nunique()
    partitions: dict[str, tuple[pd.DataFrame, dict[str, Any]]] = {}
    if others and n_speakers >= MIN_SPEAKERS_ACROSS:
        partitions[ACROSS] = utterances, {**settings, "train_corpora": [corpus], "test_corpora": others}
    if n_speakers >= MIN_SPEAKERS_WITHIN:
        partitions[WITHIN] = rows, {"name": "speaker_folds", "n_folds": min(N_FOLDS, n_speakers)}
    if len(others) >= MIN_OTHERS and n_of_others.max() >= MIN_SPEAKERS_ACROSS and not rows.empty:
        partitions[LEFT_OUT] = utterances, {**settings, "train_corpora": others, "test_corpora": [corpus]}
    return partitions


def reason(corpus: str, utterances: pd.DataFrame) -> str:
    """Reason why a corpus has no run.

    Examples
    --------
    >>> reason("savee", pd.DataFrame({"corpus": ["emodb"], "speaker": ["emodb/03"]}))
    'it is not installed; `ser corpora` lists the installed ones'
    """
    rows = utterances[utterances["corpus"] == corpus]
    if rows.empty:
        return "it is not installed; `ser corpora` lists the installed ones"
    if (n_speakers := rows["speaker"].nunique()) < MIN_SPEAKERS_ACROSS:
        return f"{counted(n_speakers, 'known speaker')}; train and dev need one each"
    return "it is the only corpus, and its two speakers are too few for folds"
