"""Partitions of one fold: by speakers, or by utterances."""

import pandas as pd

from ser.core import shared_audio
from ser.core.overrides import how_to_drop
from ser.protocol.allocation import fold_table, held_out, shuffled_groups
from ser.protocol.partition_checks import MIN_SPEAKERS_TO_SPLIT, too_few

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
    if n_speakers < MIN_SPEAKERS_TO_SPLIT:
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

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": list("123456"), "emotion": ["sad", "calm"] * 3, "duplicate_of": None})
    >>> table = random(utterances, test_fraction=1 / 3, dev_fraction=1 / 3, seed=0)
    >>> table.merge(utterances).groupby("emotion")["partition"].apply(sorted).to_dict()
    {'calm': ['dev', 'test', 'train'], 'sad': ['dev', 'test', 'train']}
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
            f" partition.dev_fraction, or {how_to_drop(str(unique['emotion'].value_counts().idxmin()))}"
        ) from None
    partition = dict.fromkeys(test["utterance"], "test") | dict.fromkeys(dev["utterance"], "dev")
    return fold_table(0, utterances, first.map(partition).fillna("train"))
