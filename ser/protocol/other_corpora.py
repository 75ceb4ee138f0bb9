"""Corpora that only train, beside corpora that a protocol divides into train, dev and test."""

from collections.abc import Sequence

import pandas as pd

from ser.protocol.partition_checks import check_corpora


def divided(utterances: pd.DataFrame, test_corpora: Sequence[str] | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Utterances of the corpora that are tested, and those of the other corpora that can train them.

    An utterance of another corpus can train if a tested corpus has its emotion.

    Parameters
    ----------
    utterances
        Columns corpus and emotion.
    test_corpora
        Names of the corpora that are tested; None: all.

    Raises
    ------
    ValueError
        If `test_corpora` is not a list of corpora in `utterances`, or no other corpus can train.

    Examples
    --------
    >>> utterances = pd.DataFrame({"corpus": list("aabbb"), "emotion": ["sad", "happy", "sad", "happy", "calm"]})
    >>> tested, others = divided(utterances, ["a"])
    >>> tested.index.tolist(), others.index.tolist()
    ([0, 1], [2, 3])
    """
    if test_corpora is None:
        return utterances, utterances.iloc[:0]
    check_corpora("test_corpora", test_corpora, utterances)
    is_tested = utterances["corpus"].isin(test_corpora)
    tested, others = utterances[is_tested], utterances[~is_tested]
    others = others[others["emotion"].isin(tested["emotion"])]
    if others.empty:
        raise ValueError(
            f"partition.test_corpora is [{', '.join(test_corpora)}], and no other corpus here has their emotions; add"
            " one to corpus.corpora, or leave partition.test_corpora null"
        )
    return tested, others


def in_training(table: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The partitions of `table`, with all utterances of `others` in the train partition of each fold.

    Examples
    --------
    >>> table = pd.DataFrame({"fold": [0, 1], "utterance": "1", "partition": ["test", "train"]})
    >>> in_training(table, pd.DataFrame({"utterance": ["2"]})).to_numpy().tolist()
    [[0, '1', 'test'], [1, '1', 'train'], [0, '2', 'train'], [1, '2', 'train']]
    """
    folds = pd.DataFrame({"fold": table["fold"].unique()})
    added = folds.merge(others[["utterance"]], how="cross").assign(partition="train")
    return pd.concat([table, added], ignore_index=True)
