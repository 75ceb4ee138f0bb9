"""The test folds of EmoBox, which are data of this package, by the names of the recordings.

EmoBox (https://github.com/emo-box/EmoBox, MIT by its README) publishes the lists of training and test of each fold;
`tools/make_emobox_folds.py` wrote them into this package. Where a corpus has fewer than 4 speakers, or speakers with
different numbers of emotions, EmoBox tests a quarter of the recordings of each emotion, so speakers are in both.
"""

import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from ser.core.wording import counted
from ser.protocol.allocation import dev_of_training, fold_table
from ser.protocol.partition_checks import MIN_SPEAKERS_TO_SPLIT, within_corpus

FOLDS = Path(__file__).with_name("emobox_folds")
TRAIN, DEV = "train", "dev"
LEAST_FOLDS = 4  # of which the next one is dev; of fewer folds, it would take too much of the training
NAMES = {
    **{name: name for name in ("aesdd", "ased", "cafe", "casia", "emodb", "emovo", "enterface", "esd", "mesd")},
    **{name: name for name in ("emns", "emozionalmente", "iemocap", "m3ed", "mead", "meld", "oreau", "pavoque")},
    **{name: name for name in ("polish", "ravdess", "resd", "savee", "shemo", "subesco", "tess", "urdu")},
    **{name: name.replace("_", "") for name in ("asvp_esd", "crema_d", "emov_db", "msp_podcast", "turev_db")},
    "jl": "jlcorpus",
}
"""Corpus -> its name in EmoBox."""
OTHERS_TRAIN = ("m3ed", "mead", "msp_podcast")  # the package does not have their long training lists


@cache
def roles(corpus: str) -> Mapping[str, str]:
    """Recording -> number of the fold that tests it, from 1, or `dev`, or `train`.

    Raises
    ------
    ValueError
        If EmoBox has no folds of the corpus.

    Examples
    --------
    >>> roles("savee")["DC/a01"], len(roles("tess"))
    ('3', 2800)
    """
    if corpus not in NAMES:
        raise ValueError(f"EmoBox has no folds of {corpus!r}; it has those of {', '.join(sorted(NAMES))}")
    lines = gzip.decompress((FOLDS / f"{corpus}.txt.gz").read_bytes()).decode().splitlines()
    return {name: role for name, _, role in (line.rpartition("\t") for line in lines)}


def unlisted(absent: pd.DataFrame, present: pd.DataFrame) -> pd.Series:
    """True for each of a fold's `absent` utterances that EmoBox does not list, if it lists all `present` of its corpus.

    The corpus may have another name than in EmoBox.

    Parameters
    ----------
    absent, present
        Columns utterance and corpus.

    Examples
    --------
    >>> present = pd.DataFrame({"utterance": ["savee/DC/a01"], "corpus": "savee"})
    >>> absent = pd.DataFrame({"utterance": ["savee/DC/a02", "savee/DC/a99"], "corpus": "savee"})
    >>> unlisted(absent, present).tolist()
    [False, True]
    """
    found = pd.Series(False, absent.index)
    for corpus, rows in absent.groupby("corpus"):
        here = present.loc[present["corpus"] == corpus, "utterance"].map(name_of)
        lists = (roles(name).keys() for name in ([corpus] if corpus in NAMES else NAMES) if name not in OTHERS_TRAIN)
        for listed in lists:
            if here.isin(listed).all():
                found[rows.index] |= ~rows["utterance"].map(name_of).isin(listed)
    return found


def name_of(utterance: str) -> str:
    """Name of the recording, without that of the corpus.

    Examples
    --------
    >>> name_of("savee/DC/a01")
    'DC/a01'
    """
    return utterance.partition("/")[2]


def emobox(utterances: pd.DataFrame, *, corpus: str | None, dev_fraction: float, seed: int) -> pd.DataFrame:
    """Folds of EmoBox of one corpus. Recordings that EmoBox does not list are in no partition.

    Dev is EmoBox's own, if it has one. Else it is the next fold, if there are 4 or more. Else it is taken from
    training: some of its speakers, or some of its utterances of each emotion if a speaker is unknown or fewer than 3
    train.

    Parameters
    ----------
    utterances
        Columns utterance, corpus, speaker, sex and emotion.
    corpus
        Corpus whose folds are meant; None: the name of the one in `utterances`.
    dev_fraction
        Share of the training speakers, or of the training utterances, in dev.

    Raises
    ------
    ValueError
        If there are several corpora, or EmoBox has no folds of the corpus, or a fold has no utterance.

    Examples
    --------
    >>> names = ["DC/a01", "JE/a01", "JK/a01", "KL/a01"]
    >>> utterances = pd.DataFrame({"utterance": [f"savee/{name}" for name in names], "corpus": "savee"})
    >>> table = emobox(utterances, corpus=None, dev_fraction=0.2, seed=0)
    >>> table[table["fold"] == 0]["partition"].tolist()
    ['train', 'test', 'train', 'dev']
    """
    here = sorted(utterances["corpus"].unique())
    if len(here) > 1:
        raise ValueError(f"partition=emobox is for one corpus, and here are {', '.join(here)}; choose one: -S corpus=…")
    name = corpus or here[0]
    known = roles(name)
    role = utterances["utterance"].map(name_of).map(known)
    if name in OTHERS_TRAIN:
        role = role.fillna(TRAIN)
    listed, role = utterances[role.notna()], role[role.notna()]
    n_folds = max(int(one) for one in set(known.values()) if one.isdigit())
    if empty := [str(k) for k in range(1, n_folds + 1) if not (role == str(k)).any()]:
        raise ValueError(
            f"the corpus has no recording for {counted(len(empty), 'fold')} of EmoBox ({', '.join(empty)}); complete"
            f" the corpus, or choose {within_corpus(utterances['speaker'].nunique())}"
        )
    return pd.concat([_fold(k, n_folds, listed, role, dev_fraction, seed) for k in range(n_folds)], ignore_index=True)


def _fold(
    fold: int, n_folds: int, listed: pd.DataFrame, role: pd.Series, dev_fraction: float, seed: int
) -> pd.DataFrame:
    following = str((fold + 1) % n_folds + 1)
    role_of_dev = following if n_folds >= LEAST_FOLDS and not (role == DEV).any() else DEV
    partition = role.map({str(fold + 1): "test", role_of_dev: "dev"}).fillna("train")
    if not (partition == "dev").any():
        dev = dev_of_training(listed[partition == "train"], dev_fraction, seed, min_speakers=MIN_SPEAKERS_TO_SPLIT)
        partition = partition.mask(partition.index.isin(dev), "dev")
    return fold_table(fold, listed, partition)
