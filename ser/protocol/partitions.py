"""Tables of partitions: the utterances that each fold uses for training, development and test.

Every protocol returns the columns fold, utterance and partition. Except for `random`, and partitions that others made,
no speaker is in two partitions of a fold.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pandas as pd

from ser.protocol.across_corpora import SHARED_BY, cross_corpus, leave_one_corpus_out
from ser.protocol.emobox import emobox
from ser.protocol.folds import leave_one_speaker_out, published, speaker_folds
from ser.protocol.given import given
from ser.protocol.holdouts import random, speaker_holdout
from ser.protocol.other_corpora import divided, in_training
from ser.protocol.partition_checks import (
    check,
    check_speakers,
    is_speaker_independent,
    without_straddling_duplicates,
)

__all__ = [
    "FROM_OTHERS",
    "PROTOCOLS",
    "SPEAKER_DEPENDENT",
    "check",
    "is_speaker_independent",
    "partition_table",
    "protocol",
    "random",
    "speaker_folds",
    "without_straddling_duplicates",
]

PROTOCOLS: Mapping[str, Callable[..., pd.DataFrame]] = {
    "speaker_holdout": speaker_holdout,
    "speaker_folds": speaker_folds,
    "leave_one_speaker_out": leave_one_speaker_out,
    "published": published,
    "cross_corpus": cross_corpus,
    "leave_one_corpus_out": leave_one_corpus_out,
    "random": random,
    "emobox": emobox,
    "given": given,
}
SPEAKER_DEPENDENT = ("random",)
FROM_OTHERS = ("emobox", "given")
"""Protocols whose partitions somebody else made: if they share speakers, the scores are named speaker-dependent."""
ACROSS_CORPORA = ("cross_corpus", "leave_one_corpus_out")


def partition_table(utterances: pd.DataFrame, *, name: str, seed: int, **settings: object) -> pd.DataFrame:
    """Partition `utterances` by the protocol `name`; equal audio is never in two partitions of a fold.

    Parameters
    ----------
    utterances
        Table of utterances; it may lack columns that the protocol does not use.
    settings
        Keyword arguments of the protocol. With `test_corpora`, a protocol that divides corpora divides these alone, and
        the others train in each fold, with the emotions that the tested ones have.

    Returns
    -------
    DataFrame
        fold, utterance, partition; sorted by fold and utterance.

    Raises
    ------
    ValueError
        If the protocol is unknown, speakers are unknown or too few, a partition is empty, or an emotion is tested but
        not trained.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["1", "2", "3"], "speaker": ["a", "b", "c"], "corpus": "x"})
    >>> utterances = utterances.assign(emotion="happy", audio_hash=["p", "q", "r"])
    >>> table = partition_table(utterances, name="leave_one_speaker_out", seed=0)
    >>> table[table["fold"] == 0].to_numpy().tolist()
    [[0, '1', 'test'], [0, '2', 'dev'], [0, '3', 'train']]
    """
    if name not in PROTOCOLS:
        raise ValueError(f"unknown partition {name!r}; choose one of {', '.join(PROTOCOLS)}")
    utterances = utterances.sort_values("utterance", ignore_index=True)  # the order of rows must not change the result
    make = PROTOCOLS[name] if name in ACROSS_CORPORA else partial(_within_corpora, name=name)
    table = make(utterances, seed=seed, **settings)
    table = without_straddling_duplicates(table, utterances)
    check(table, utterances, speaker_independent=name not in (*SPEAKER_DEPENDENT, *FROM_OTHERS))
    return table.sort_values(["fold", "utterance"], ignore_index=True)


def _within_corpora(
    utterances: pd.DataFrame, *, name: str, seed: int, test_corpora: Sequence[str] | None = None, **settings: object
) -> pd.DataFrame:
    """Partitions of `test_corpora` by a protocol; the other corpora train in each fold."""
    tested, others = divided(utterances, test_corpora)
    if name not in (*SPEAKER_DEPENDENT, *FROM_OTHERS):  # the speakers of the others may be unknown
        check_speakers(tested, name)
    return in_training(PROTOCOLS[name](tested, seed=seed, **settings), others)


def protocol(
    *,
    name: str,
    speaker_independent: bool,
    transductive: bool = False,
    source: str = "",
    train_corpora: Sequence[str] = (),
    test_corpora: Sequence[str] | None = None,
    shared_by: str = "",
    **settings: object,
) -> str:
    """Description of the protocol that is shown beside every score.

    Parameters
    ----------
    name, source, train_corpora, test_corpora, shared_by, settings
        Settings of the partition; `settings` are not shown.
    transductive
        True if the features of a test utterance depend on other utterances of its speaker (never on their labels).

    Examples
    --------
    >>> protocol(name="speaker_folds", n_folds=6, speaker_independent=True)
    'speaker_folds (speaker-independent)'
    >>> protocol(name="cross_corpus", train_corpora=["ravdess"], test_corpora=["emodb"], speaker_independent=True)
    'cross_corpus ravdess to emodb (speaker-independent)'
    >>> protocol(name="leave_one_corpus_out", shared_by="all", speaker_independent=True)
    'leave_one_corpus_out, emotions of all corpora (speaker-independent)'
    >>> protocol(name="leave_one_corpus_out", test_corpora=["emodb"], shared_by="all", speaker_independent=True)
    'leave_one_corpus_out of emodb, emotions of all corpora (speaker-independent)'
    >>> protocol(name="speaker_folds", test_corpora=["folders"], speaker_independent=True)
    'speaker_folds of folders, other corpora train too (speaker-independent)'
    """
    kind = "speaker-independent" if speaker_independent else "speaker-dependent"
    kind += ", transductive" * transductive
    corpora = " to ".join(" and ".join(names) for names in (train_corpora, test_corpora) if names)
    if test_corpora and not train_corpora:
        corpora = f"of {corpora}"
    notes = [SHARED_BY[shared_by]] if shared_by else []
    notes += ["other corpora train too"] if test_corpora and name not in ACROSS_CORPORA else []
    named = ", ".join([" ".join(word for word in (name, source, corpora) if word), *notes])
    return f"{named} ({kind})"
