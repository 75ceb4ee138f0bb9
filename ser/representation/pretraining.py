"""Corpora whose emotions an encoder was trained on: their scores are too high, on test and on dev."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ser.core.wording import counted
from ser.representation import registry


def corpora(representation: Mapping[str, Any]) -> Sequence[str]:
    """Corpora whose emotions the encoder of a representation was trained on.

    Examples
    --------
    >>> settings = {"model": "packaged/whisper-base-emotion-int8"}
    >>> corpora({"name": "whisper", "settings": settings}), corpora({"name": "librosa", "settings": {}})
    (('crema_d',), ())
    """
    of_encoder = registry.definition(representation["name"]).pretraining_corpora
    return of_encoder(representation["settings"]) if of_encoder else ()


def check(utterances: pd.DataFrame, partitions: pd.DataFrame, representation: Mapping[str, Any], *, fold: int) -> None:
    """Check that the encoder of a representation was not trained on the emotions of a corpus that a fold tests.

    Parameters
    ----------
    utterances
        Columns utterance and corpus.
    partitions
        Columns fold, utterance and partition.
    representation
        name and settings.

    Raises
    ------
    ValueError
        If it was: the score would be too high.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["crema_d/1001_DFA_ANG_XX"], "corpus": "crema_d"})
    >>> partitions = pd.DataFrame({"fold": [0], "utterance": ["crema_d/1001_DFA_ANG_XX"], "partition": ["test"]})
    >>> settings = {"model": "packaged/whisper-base-emotion-int8"}
    >>> check(utterances, partitions, {"name": "whisper", "settings": settings}, fold=0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: fold 0 tests 1 utterances of crema_d, and the encoder packaged/whisper-base-emotion-int8 was trained ...
    """
    known_corpora = corpora(representation)
    tested = partitions[(partitions["fold"] == fold) & (partitions["partition"] == "test")]["utterance"]
    known = utterances[utterances["utterance"].isin(tested) & utterances["corpus"].isin(known_corpora)]
    if not known.empty:
        tested_corpora = ", ".join(sorted(known["corpus"].unique()))
        raise ValueError(
            f"fold {fold} tests {len(known)} utterances of {tested_corpora}, and the encoder"
            f" {representation['settings']['model']} was trained on the emotions of {', '.join(known_corpora)}: the"
            " score would be too high; choose another encoder with -S whisper=tiny_int8, or a partition that does not"
            " test them"
        )


def remarks(utterances: pd.DataFrame, partitions: pd.DataFrame, representation: Mapping[str, Any]) -> list[str]:
    """A remark if dev has corpora whose emotions the encoder of a representation was trained on; else none.

    Parameters
    ----------
    utterances, partitions, representation
        As of `check`.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": list("ab"), "corpus": ["crema_d", "emodb"]})
    >>> partitions = pd.DataFrame({"utterance": list("ab"), "partition": "dev"})
    >>> settings = {"model": "packaged/whisper-base-emotion-int8"}
    >>> (remark,) = remarks(utterances, partitions, {"name": "whisper", "settings": settings})
    >>> remark.partition("; ")[2]
    'choose settings by dev.corpus.emodb.uar'
    """
    known_corpora = corpora(representation)
    if not known_corpora:
        return []
    developed = utterances[utterances["utterance"].isin(partitions.loc[partitions["partition"] == "dev", "utterance"])]
    is_known = developed["corpus"].isin(known_corpora)
    if not is_known.any():
        return []
    known, others = (sorted(rows["corpus"].unique()) for rows in (developed[is_known], developed[~is_known]))
    advice = ", ".join(f"dev.corpus.{name}.uar" for name in others) if others else "another corpus in dev"
    return [
        f"dev has {counted(int(is_known.sum()), 'utterance')} of {', '.join(known)}, and the encoder"
        f" {representation['settings']['model']} was trained on the emotions of {', '.join(known)}, so dev.uar is too"
        f" high; choose settings by {advice}"
    ]
