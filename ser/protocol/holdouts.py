"""Partitions of one fold: by speakers, by corpora, or by utterances."""

from collections.abc import Sequence

import pandas as pd

from ser.core import shared_audio
from ser.protocol.allocation import fold_table, held_out, shuffled_groups
from ser.protocol.partition_checks import LEAST, check_speakers, too_few, within_corpus

MIN_TEST_SPEAKERS = 6  # fewer give no confidence interval


def speaker_holdout(utterances: pd.DataFrame, *, test_fraction: float, dev_fraction: float, seed: int) -> pd.DataFrame:
    """One fold with different speakers in train, dev and test.

    Each sex of each corpus is in every partition if it has enough speakers. If there are 12 speakers or more, at least
    6 are tested.

    Parameters
    ----------
    utterances
        Columns utterance, corpus, speaker and sex.
    test_fraction, dev_fraction
        Share of the speakers in each partition.

    Raises
    ------
    ValueError
        If there are too few speakers.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": list("123456"), "speaker": list("abcdef"), "corpus": "x"})
    >>> utterances["sex"] = ["female", "male"] * 3
    >>> table = speaker_holdout(utterances, test_fraction=1 / 3, dev_fraction=1 / 3, seed=0)
    >>> sorted(table["partition"])
    ['dev', 'dev', 'test', 'test', 'train', 'train']
    """
    groups = list(shuffled_groups(utterances, seed).values())
    n_speakers = sum(map(len, groups))
    if n_speakers < LEAST:
        raise too_few(n_speakers)
    n_test, n_dev = (max(1, round(n_speakers * fraction)) for fraction in (test_fraction, dev_fraction))
    if n_speakers >= 2 * MIN_TEST_SPEAKERS:
        n_test = max(n_test, MIN_TEST_SPEAKERS)
    if n_speakers - n_test - n_dev < 1:
        raise ValueError(
            f"{n_speakers} speakers cannot give {n_test} to test and {n_dev} to dev; lower partition.test_fraction or"
            " partition.dev_fraction, or choose partition=leave_one_speaker_out"
        )
    partition = held_out(groups, n_test=n_test, n_dev=n_dev)
    return fold_table(0, utterances, utterances["speaker"].map(partition).fillna("train"))


def cross_corpus(
    utterances: pd.DataFrame,
    *,
    train_corpora: Sequence[str],
    test_corpora: Sequence[str],
    dev_fraction: float,
    seed: int,
) -> pd.DataFrame:
    """One fold: train and dev have different speakers of `train_corpora`, test has all utterances of `test_corpora`.

    Only emotions that both sides have are used. Other emotions, and corpora in neither list, are in no partition.

    Parameters
    ----------
    utterances
        Columns utterance, corpus, speaker, sex and emotion.
    dev_fraction
        Share of the training speakers in dev.

    Raises
    ------
    ValueError
        If the lists of corpora are not valid, the corpora share fewer than two emotions, or the training
        speakers are unknown or only one.
    """
    training, tested = _with_shared_emotions(utterances, train_corpora, test_corpora)
    check_speakers(training, "cross_corpus")
    groups = list(shuffled_groups(training, seed).values())
    n_speakers = sum(map(len, groups))
    if n_speakers < 2:
        raise ValueError(
            f"{' and '.join(train_corpora)} has {n_speakers} speaker; train and dev need one each, so add another"
            " corpus to partition.train_corpora"
        )
    n_dev = min(max(1, round(n_speakers * dev_fraction)), n_speakers - 1)
    partition = training["speaker"].map(held_out(groups, n_test=0, n_dev=n_dev)).fillna("train")
    return pd.concat([fold_table(0, training, partition), fold_table(0, tested, pd.Series("test", tested.index))])


def _with_shared_emotions(
    utterances: pd.DataFrame, train_corpora: Sequence[str], test_corpora: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Utterances of the training and of the test corpora that have an emotion of both sides."""
    _check_corpora(utterances, train_corpora, test_corpora)
    training, tested = (utterances[utterances["corpus"].isin(names)] for names in (train_corpora, test_corpora))
    shared = set(training["emotion"]) & set(tested["emotion"])
    if len(shared) < 2:
        raise ValueError(
            f"{' and '.join(train_corpora)} and {' and '.join(test_corpora)} share {len(shared)} emotion(s), but a"
            " classifier needs two; choose other labels (-S labels=NAME)"
        )
    return training[training["emotion"].isin(shared)], tested[tested["emotion"].isin(shared)]


def _check_corpora(utterances: pd.DataFrame, train_corpora: Sequence[str], test_corpora: Sequence[str]) -> None:
    here = sorted(utterances["corpus"].unique())
    for setting, names in (("train_corpora", train_corpora), ("test_corpora", test_corpora)):
        if isinstance(names, str):
            raise ValueError(f"partition.{setting} is {names!r}; write it as a list: [{names}]")
        if not names or set(names) - set(here):
            raise ValueError(
                f"partition.{setting} is [{', '.join(names)}], but the table of utterances contains {', '.join(here)};"
                " choose from these corpora, and read several with corpus=combined"
            )
    if both := sorted(set(train_corpora) & set(test_corpora)):
        raise ValueError(
            f"{', '.join(both)} is in partition.train_corpora and partition.test_corpora; to train and test on one"
            f" corpus, choose {within_corpus(utterances['speaker'].nunique())}"
        )


def random(utterances: pd.DataFrame, *, test_fraction: float, dev_fraction: float, seed: int) -> pd.DataFrame:
    """One fold of utterances, stratified by emotion; SPEAKER-DEPENDENT. Utterances with equal audio stay together.

    Parameters
    ----------
    utterances
        Columns utterance, emotion and duplicate_of; of segments also audio_hash, path, start and end.
    test_fraction, dev_fraction
        Share of the utterances in each partition.

    Raises
    ------
    ValueError
        If the utterances cannot be stratified, for example because an emotion has too few.
    """
    from sklearn.model_selection import train_test_split  # takes a second to import, and other partitions do not use it

    first = utterances["duplicate_of"].fillna(utterances["utterance"])
    if "start" in utterances:  # segments, which may overlap
        first = utterances["utterance"].groupby(shared_audio.groups(utterances)).transform("first")
    unique = utterances[first == utterances["utterance"]]
    try:
        rest, test = train_test_split(
            unique, test_size=test_fraction, stratify=unique["emotion"], random_state=seed, shuffle=True
        )
        _, dev = train_test_split(
            rest,
            test_size=dev_fraction / (1 - test_fraction),
            stratify=rest["emotion"],
            random_state=seed,
            shuffle=True,
        )
    except ValueError as error:
        raise ValueError(
            f"cannot stratify {len(unique)} utterances by emotion: {error}; change partition.test_fraction or"
            " partition.dev_fraction, or leave rare emotions out with labels.actions.<emotion>=drop"
        ) from None
    partition = dict.fromkeys(test["utterance"], "test") | dict.fromkeys(dev["utterance"], "dev")
    return fold_table(0, utterances, first.map(partition).fillna("train"))
