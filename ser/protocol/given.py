"""Partitions that the corpus gives, such as the column `split` of a list."""

import pandas as pd

from ser.core import shared_audio
from ser.core.tables import PARTITIONS
from ser.core.wording import counted
from ser.protocol.allocation import fold_table, held_out, shuffled_groups

COLUMN = "given_partition"
OTHERS = "or choose another partition, such as partition=speaker_holdout"


def given(utterances: pd.DataFrame, *, dev_fraction: float, seed: int) -> pd.DataFrame:
    """One fold with the partitions that the corpus gives. They may share speakers, and the scores are then named so.

    Without a dev partition, it is taken from training: some of its speakers, if no training speaker is unknown and
    there are two or more; else some of its utterances.

    Parameters
    ----------
    utterances
        Columns utterance, corpus, speaker, sex, emotion, audio_hash and given_partition.
    dev_fraction
        Share of the training speakers, or of the training utterances of each emotion, in dev.

    Raises
    ------
    ValueError
        If the corpus gives no partitions, an utterance has none, or train or test is missing.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": list("abc"), "given_partition": ["test", "train", "dev"]})
    >>> given(utterances, dev_fraction=0.2, seed=0)["partition"].tolist()
    ['test', 'train', 'dev']
    """
    if COLUMN not in utterances:
        raise ValueError(f"the corpus gives no partitions; add a column split to its list (corpus=table), {OTHERS}")
    partition = utterances[COLUMN]
    if other := partition[~partition.isin(PARTITIONS)].fillna("empty").value_counts().to_dict():
        found = ", ".join(f"{word} ({counted(count, 'utterance')})" for word, count in sorted(other.items()))
        raise ValueError(f"the given partitions have {found}; write train, dev or test, {OTHERS}")
    if missing := [name for name in ("train", "test") if not (partition == name).any()]:
        raise ValueError(f"the given partitions have no {' and no '.join(missing)}; add it, {OTHERS}")
    if not (partition == "dev").any():
        training = utterances[partition == "train"]
        partition = partition.mask(partition.index.isin(_dev(training, dev_fraction, seed)), "dev")
    return fold_table(0, utterances, partition)


def _dev(training: pd.DataFrame, fraction: float, seed: int) -> pd.Index:
    """Index of the training rows that become dev."""
    groups = [] if training["speaker"].isna().any() else list(shuffled_groups(training, seed).values())
    if (n_speakers := sum(map(len, groups))) > 1:
        n_dev = min(max(1, round(n_speakers * fraction)), n_speakers - 1)
        return training.index[training["speaker"].isin(held_out(groups, n_test=0, n_dev=n_dev))]
    first = ~shared_audio.groups(training).duplicated()
    drawn = training[first].groupby("emotion").sample(frac=fraction, random_state=seed)
    return training.index[shared_audio.groups(training).isin(shared_audio.groups(training).loc[drawn.index])]
