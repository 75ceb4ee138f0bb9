"""Partitions that the corpus gives, such as the column `split` of a list."""

import pandas as pd

from ser.core.tables import PARTITIONS
from ser.core.wording import counted
from ser.protocol.allocation import dev_of_training, fold_table

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
        dev = dev_of_training(utterances[partition == "train"], dev_fraction, seed, min_speakers=2)
        partition = partition.mask(partition.index.isin(dev), "dev")
    return fold_table(0, utterances, partition)
