"""Partitions that test whole corpora, by models that other corpora train."""

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd

from ser.core.wording import counted
from ser.protocol.allocation import fold_table, held_out, shuffled_groups
from ser.protocol.partition_checks import check_corpora, check_speakers, within_corpus

SharedBy = Literal["all", "pair"]
SHARED_BY = {"all": "emotions of all corpora", "pair": "emotions of training and test"}


def corpus_of(rows: pd.DataFrame) -> pd.Series:
    """Corpus of each row, which the id of its utterance begins with.

    Examples
    --------
    >>> corpus_of(pd.DataFrame({"utterance": ["savee/DC/a01"]})).tolist()
    ['savee']
    """
    return rows["utterance"].str.partition("/")[0].rename("corpus")


def cross_corpus(
    utterances: pd.DataFrame,
    *,
    train_corpora: Sequence[str],
    test_corpora: Sequence[str],
    dev_fraction: float,
    seed: int,
) -> pd.DataFrame:
    """One fold: train and dev have different speakers of `train_corpora`, test has all utterances of `test_corpora`.

    Only emotions that training and test have are used. Others, and corpora in neither list, are in no partition.

    Parameters
    ----------
    utterances
        Columns utterance, corpus, speaker, sex and emotion.
    dev_fraction
        Share of the speakers of each training corpus in dev; at least one, but none of a single speaker.

    Raises
    ------
    ValueError
        If the lists of corpora are not valid, the corpora share fewer than two emotions, or the training
        speakers are unknown or only one.

    Examples
    --------
    >>> utterances = pd.DataFrame({"corpus": ["a"] * 4 + ["b"] * 2, "speaker": list("112233"), "sex": "male"})
    >>> utterances = utterances.assign(emotion=["sad", "calm"] * 3, utterance=list("123456"))
    >>> table = cross_corpus(utterances, train_corpora=["a"], test_corpora=["b"], dev_fraction=0.5, seed=0)
    >>> table.groupby("partition")["utterance"].sum().to_dict()
    {'dev': '12', 'test': '56', 'train': '34'}
    """
    _check_corpora(utterances, train_corpora, test_corpora)
    options: dict[str, Any] = {"protocol": "cross_corpus", "dev_fraction": dev_fraction, "seed": seed}
    return _fold(0, utterances, train_corpora, test_corpora, **options)


def leave_one_corpus_out(
    utterances: pd.DataFrame,
    *,
    shared_by: SharedBy,
    dev_fraction: float,
    seed: int,
    test_corpora: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One fold for each corpus, in the order of their names: it is tested whole, and all others train.

    Each fold is that of `cross_corpus`.

    Parameters
    ----------
    utterances
        Columns utterance, corpus, speaker, sex and emotion.
    shared_by
        all: the emotions that every corpus has, so that the scores of all corpora can be compared; pair: those that
        the tested corpus shares with the training corpora of its fold. Other emotions are in no partition.
    dev_fraction
        Share of the speakers of each training corpus in dev.
    test_corpora
        Corpora that are tested; the others only train. None: all.

    Raises
    ------
    ValueError
        If there is one corpus, `test_corpora` is not a list of corpora, fewer than two emotions are shared, or the
        training speakers of a fold are unknown or only one.

    Examples
    --------
    >>> utterances = pd.DataFrame({"corpus": ["a"] * 4 + ["b"] * 4, "speaker": list("11223344"), "sex": "male"})
    >>> utterances = utterances.assign(emotion=["sad", "calm"] * 4, utterance=list("12345678"))
    >>> table = leave_one_corpus_out(utterances, shared_by="all", dev_fraction=0.5, seed=0)
    >>> table.loc[table["partition"] == "test", "utterance"].groupby(table["fold"]).sum().to_dict()
    {0: '1234', 1: '5678'}
    """
    names = sorted(utterances["corpus"].unique())
    if len(names) < 2:
        raise ValueError(
            f"partition=leave_one_corpus_out needs two corpora, and the table of utterances has {', '.join(names)};"
            f" read several with corpus=combined, or choose {within_corpus(utterances['speaker'].nunique())}"
        )
    if shared_by not in SHARED_BY:
        raise ValueError(f"partition.shared_by is {shared_by!r}; it is {' or '.join(SHARED_BY)}")
    if test_corpora is not None:
        check_corpora("test_corpora", test_corpora, utterances)
    used = with_common_emotions(utterances) if shared_by == "all" else utterances
    options: dict[str, Any] = {"protocol": "leave_one_corpus_out", "dev_fraction": dev_fraction, "seed": seed}
    tested = [name for name in names if name in (test_corpora or names)]
    folds = [_fold(k, used, [one for one in names if one != name], [name], **options) for k, name in enumerate(tested)]
    return pd.concat(folds, ignore_index=True)


def with_common_emotions(utterances: pd.DataFrame) -> pd.DataFrame:
    """Utterances with an emotion that every corpus has, because UARs over different classes cannot be compared.

    Raises
    ------
    ValueError
        If the corpora share fewer than two emotions.

    Examples
    --------
    >>> utterances = pd.DataFrame({"corpus": list("aabbb"), "emotion": ["sad", "calm", "sad", "calm", "angry"]})
    >>> with_common_emotions(utterances)["emotion"].tolist()
    ['sad', 'calm', 'sad', 'calm']
    """
    n_corpora = utterances.groupby("emotion")["corpus"].transform("nunique")
    shared = utterances[n_corpora == utterances["corpus"].nunique()]
    if shared["emotion"].nunique() < 2:
        raise ValueError(
            f"{', '.join(sorted(utterances['corpus'].unique()))} share"
            f" {counted(shared['emotion'].nunique(), 'emotion')}, and a classifier needs two; choose other labels"
            " (labels=NAME), or leave a corpus out with corpus.corpora"
        )
    return shared


def _fold(
    fold: int,
    utterances: pd.DataFrame,
    train_corpora: Sequence[str],
    test_corpora: Sequence[str],
    *,
    protocol: str,
    dev_fraction: float,
    seed: int,
) -> pd.DataFrame:
    """Fold that tests `test_corpora`; a training corpus without any known speaker is in train as a whole."""
    training, tested = _with_shared_emotions(utterances, train_corpora, test_corpora)
    has_speakers = training.groupby("corpus")["speaker"].transform("count") > 0
    known = training[has_speakers] if has_speakers.any() else training
    check_speakers(known, protocol)
    groups = shuffled_groups(known, seed)
    dev: dict[str, str] = {}
    for corpus in sorted({corpus for corpus, _ in groups}):
        own = [names for (name, _), names in groups.items() if name == corpus]
        n_speakers = sum(map(len, own))
        dev |= held_out(own, n_test=0, n_dev=min(max(1, round(n_speakers * dev_fraction)), n_speakers - 1))
    if not dev:
        have = "have 1 speaker each" if len(train_corpora) > 1 else "has 1 speaker"
        raise ValueError(
            f"{' and '.join(train_corpora)} {have}; train and dev need one each, so add another corpus to those that"
            " train"
        )
    partition = training["speaker"].map(dev).fillna("train")
    parts = [fold_table(fold, training, partition), fold_table(fold, tested, pd.Series("test", tested.index))]
    return pd.concat(parts)


def _with_shared_emotions(
    utterances: pd.DataFrame, train_corpora: Sequence[str], test_corpora: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Utterances of the training and of the test corpora that have an emotion of both."""
    training, tested = (utterances[utterances["corpus"].isin(names)] for names in (train_corpora, test_corpora))
    shared = set(training["emotion"]) & set(tested["emotion"])
    if len(shared) < 2:
        raise ValueError(
            f"{' and '.join(train_corpora)} and {' and '.join(test_corpora)} share"
            f" {counted(len(shared), 'emotion')}, but a classifier needs two; choose other labels (-S labels=NAME)"
        )
    return training[training["emotion"].isin(shared)], tested[tested["emotion"].isin(shared)]


def _check_corpora(utterances: pd.DataFrame, train_corpora: Sequence[str], test_corpora: Sequence[str]) -> None:
    check_corpora("train_corpora", train_corpora, utterances)
    check_corpora("test_corpora", test_corpora, utterances)
    if both := sorted(set(train_corpora) & set(test_corpora)):
        raise ValueError(
            f"{', '.join(both)} is in partition.train_corpora and partition.test_corpora; to train and test on one"
            f" corpus, choose {within_corpus(utterances['speaker'].nunique())}"
        )
