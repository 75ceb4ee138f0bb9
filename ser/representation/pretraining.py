"""Corpora whose emotions an encoder was trained on: a study that tests them would have too high a score."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

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
