"""Allocate speakers to partitions and folds, with each sex of each corpus spread evenly."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ser.core import shared_audio

Group = tuple[str, str]
"""Corpus and sex; the sex is empty if it is unknown."""


def shuffled_groups(utterances: pd.DataFrame, seed: int) -> dict[Group, list[str]]:
    """Speakers of each corpus and sex, in random order that does not depend on the order of the rows.

    Parameters
    ----------
    utterances
        Columns corpus, speaker and sex.

    Examples
    --------
    >>> utterances = pd.DataFrame({"corpus": "x", "speaker": ["a", "b", "b"], "sex": ["female", "male", "male"]})
    >>> shuffled_groups(utterances, seed=0)
    {('x', 'female'): ['a'], ('x', 'male'): ['b']}
    """
    facts = utterances.drop_duplicates("speaker").sort_values("speaker")
    generator = np.random.default_rng(seed)
    groups = facts.groupby([facts["corpus"], facts["sex"].fillna("")])["speaker"]
    return {(str(corpus), str(sex)): list(generator.permutation(group)) for (corpus, sex), group in groups}


def held_out(groups: Sequence[Sequence[str]], *, n_test: int, n_dev: int) -> dict[str, str]:
    """Partition, `test` or `dev`, of each speaker outside training.

    A group is in every partition if it has enough speakers. A smaller group is in training first, then in test.

    Parameters
    ----------
    groups
        Speakers of each group.
    n_test, n_dev
        Number of speakers in each partition; together fewer than there are speakers.

    Examples
    --------
    >>> held_out([["f1", "f2", "f3"], ["m1", "m2", "m3"]], n_test=2, n_dev=2)
    {'f1': 'test', 'f2': 'dev', 'm1': 'test', 'm2': 'dev'}
    """
    left = [len(group) for group in groups]
    dev = _seats(left, n_dev, n_later=2 if n_test else 1)
    test = _seats([n - k for n, k in zip(left, dev, strict=True)], n_test, n_later=1)
    partition: dict[str, str] = {}
    for group, k_test, k_dev in zip(groups, test, dev, strict=True):
        partition |= dict.fromkeys(group[:k_test], "test") | dict.fromkeys(group[k_test : k_test + k_dev], "dev")
    return partition


def _seats(left: Sequence[int], n_seats: int, *, n_later: int) -> list[int]:
    """Number of seats of each group, about in proportion to the speakers that it has left.

    A group with enough speakers takes at least one seat, and leaves a speaker for each of `n_later` partitions.
    """
    seats = [0] * len(left)

    def claim(group: int) -> tuple[bool, bool, float, int]:
        taken, share = seats[group], left[group] * n_seats / sum(left)
        return left[group] - taken > n_later, taken == 0, share - taken, -group

    for _ in range(n_seats):
        not_full = [group for group in range(len(left)) if seats[group] < left[group]]
        seats[max(not_full, key=claim)] += 1
    return seats


def dev_of_training(training: pd.DataFrame, fraction: float, seed: int, *, min_speakers: int) -> pd.Index:
    """Index of the training rows that become dev: those of some speakers, or else some utterances of each emotion.

    Parameters
    ----------
    training
        Columns corpus, speaker, sex, emotion and audio_hash. Utterances that share audio stay together.
    fraction
        Share of the speakers, or of the utterances of each emotion, that become dev.
    min_speakers
        Two or more; if there are fewer speakers, or unknown ones, utterances are drawn.

    Examples
    --------
    >>> training = pd.DataFrame({"corpus": "x", "speaker": list("abc"), "sex": None, "emotion": "sad"})
    >>> dev_of_training(training, 0.3, seed=0, min_speakers=2).tolist()
    [2]
    >>> training = training.assign(speaker=None, audio_hash=["p", "q", "q"])
    >>> dev_of_training(training, 0.5, seed=0, min_speakers=2).tolist()
    [1, 2]
    """
    by_group = [] if training["speaker"].isna().any() else list(shuffled_groups(training, seed).values())
    if (n_speakers := sum(map(len, by_group))) >= min_speakers:
        n_dev = min(max(1, round(n_speakers * fraction)), n_speakers - 1)
        return training.index[training["speaker"].isin(held_out(by_group, n_test=0, n_dev=n_dev))]
    shared = shared_audio.groups(training)
    drawn = training[~shared.duplicated()].groupby("emotion").sample(frac=fraction, random_state=seed)
    return training.index[shared.isin(shared.loc[drawn.index])]


def spread_over_folds(groups: Mapping[Group, Sequence[str]], n_folds: int) -> dict[str, int]:
    """Fold of each speaker: each group is spread over all folds, and the folds have about the same size.

    Speakers of one corpus are kept out of neighbouring folds where possible, because the next fold is the dev
    partition: if two speakers alone have an emotion, one must train while the other is tested. Corpora of two speakers
    are therefore placed first.

    Examples
    --------
    >>> spread_over_folds({("x", "female"): ["f1", "f2"], ("x", "male"): ["m1", "m2"]}, 2)
    {'f1': 0, 'f2': 1, 'm1': 0, 'm2': 1}
    """
    n_speakers: Counter[str] = Counter()
    for (corpus, _), names in groups.items():
        n_speakers[corpus] += len(names)
    fold_of: dict[str, int] = {}
    size = [0] * n_folds
    folds_of_corpus: dict[str, list[int]] = {corpus: [] for corpus in n_speakers}
    for corpus, sex in sorted(groups, key=lambda group: (n_speakers[group[0]] != 2, n_speakers[group[0]], group)):
        n_of_group, others = [0] * n_folds, folds_of_corpus[corpus]
        for name in groups[corpus, sex]:
            claims = [(n_of_group[k], size[k], -_distance(k, others, n_folds), k) for k in range(n_folds)]
            fold = fold_of[name] = min(claims)[-1]
            n_of_group[fold] += 1
            size[fold] += 1
            others.append(fold)
    return fold_of


def _distance(fold: int, others: Sequence[int], n_folds: int) -> int:
    """Smallest number of steps from `fold` to one of `others`, where the first fold follows the last."""
    return min((min(abs(fold - other), n_folds - abs(fold - other)) for other in others), default=n_folds)


def fold_table(fold: int, utterances: pd.DataFrame, partition: pd.Series) -> pd.DataFrame:
    """Rows of one fold: fold, utterance, partition.

    Parameters
    ----------
    partition
        Partition of each row of `utterances`.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["1", "2"]})
    >>> fold_table(0, utterances, pd.Series(["train", "test"])).to_numpy().tolist()
    [[0, '1', 'train'], [0, '2', 'test']]
    """
    return pd.DataFrame({"fold": fold, "utterance": utterances["utterance"], "partition": partition})
