"""Tables of one study belong together: none has lost rows, and none is of another run.

A file may be overwritten, cut short, or be of an earlier run. Each table is then valid by itself, but scores of them
are wrong. So every stage that trains or scores compares its tables before it works.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from ser.core import shared_audio
from ser.core.row_keys import is_real
from ser.core.tables import ORIGINAL, PARTITIONS
from ser.core.wording import counted
from ser.protocol.emobox import unlisted

REMEDY = "the tables are damaged or of different runs; make all anew with: dvc repro -f"
PARTITIONED, BALANCED, PREDICTED = "data/partitions.csv", "data/balanced_dataset", "reports/predictions.csv"
FEATURES = "the features"
KEYS = ["fold", "utterance", "partition"]


def check(utterances: pd.DataFrame, partitions: pd.DataFrame, features: pd.DataFrame | None = None) -> None:
    """Raise an error if the tables of utterances, of partitions and of features do not match one to one.

    An utterance may be in no partition of a fold if the fold leaves out its corpus or its emotion, if the fold has its
    audio under another name, or if EmoBox does not list it.

    Parameters
    ----------
    utterances
        Columns utterance, corpus, emotion and audio_hash.
    partitions
        Columns fold, utterance and partition.
    features
        Columns utterance, variant and emotion; only the original rows are compared.

    Raises
    ------
    ValueError
        If there are no folds, a fold lacks train, dev or test, or an utterance is in one of the tables alone or has
        another emotion in the features.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["1", "2", "3"], "corpus": "x", "emotion": "sad"})
    >>> utterances = utterances.assign(audio_hash=["p", "q", "r"])
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1", "2", "3"], "partition": ["train", "dev", "test"]})
    >>> check(utterances, partitions)
    >>> check(utterances, partitions[:2])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: data/partitions.csv: fold 0 has no row of test, wanted rows of train, dev and test; ...
    """
    _check_numbers(partitions)
    known = utterances.set_index("utterance")
    strays = partitions.loc[~partitions["utterance"].isin(known.index), "utterance"]
    _refuse(PARTITIONED, strays.unique(), "that data/utterances.csv lacks")
    for fold, rows in partitions.groupby("fold"):
        _check_fold(fold, rows, known)
    if features is not None:
        check_features(features, utterances)


def _check_numbers(partitions: pd.DataFrame) -> None:
    if partitions.empty:
        raise ValueError(f"{PARTITIONED}: found no fold, wanted at least one; {REMEDY}")
    folds = sorted(int(fold) for fold in partitions["fold"].unique())
    if folds != list(range(len(folds))):
        found = ", ".join(map(str, folds))
        raise ValueError(f"{PARTITIONED}: found the folds {found}, wanted 0 to {len(folds) - 1}; {REMEDY}")


def _check_fold(fold: object, rows: pd.DataFrame, known: pd.DataFrame) -> None:
    if lacking := [name for name in PARTITIONS if name not in set(rows["partition"])]:
        found = f"fold {fold} has no row of {' and '.join(lacking)}"
        raise ValueError(f"{PARTITIONED}: {found}, wanted rows of train, dev and test; {REMEDY}")
    here, absent = known.loc[rows["utterance"]], known[~known.index.isin(rows["utterance"])]
    explained = ~absent["corpus"].isin(here["corpus"]) | ~absent["emotion"].isin(here["emotion"])
    audio = shared_audio.groups(known)
    explained |= audio.loc[absent.index].isin(audio.loc[here.index])
    lost = absent[~explained].reset_index()
    if len(lost):
        lost = lost[~unlisted(lost, here.reset_index())]
    _refuse(PARTITIONED, lost["utterance"], f"without a row in fold {fold}")


def check_features(features: pd.DataFrame, utterances: pd.DataFrame) -> None:
    """Raise an error if the tables of features and of utterances do not match one to one.

    Raises
    ------
    ValueError
        If an utterance is in one of the tables alone, or has another emotion in the features.

    Examples
    --------
    >>> features = pd.DataFrame({"utterance": ["1"], "variant": "original", "emotion": "sad"})
    >>> check_features(features, pd.DataFrame({"utterance": ["1", "2"], "emotion": "sad"}))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: the features: found 1 utterance without a row, the first is 2; the tables are damaged or of ...
    """
    emotion = features.loc[features["variant"] == ORIGINAL].set_index("utterance")["emotion"]
    known = utterances.set_index("utterance")["emotion"]
    _refuse(FEATURES, known.index.difference(emotion.index), "without a row")
    _refuse(FEATURES, emotion.index.difference(known.index), "that data/utterances.csv lacks")
    other = known.index[known != emotion.loc[known.index]]
    _refuse(FEATURES, other, "with another emotion than in data/utterances.csv")


def check_balanced(balanced: pd.DataFrame, partitions: pd.DataFrame) -> None:
    """Raise an error if the recorded rows of a balanced table are not exactly the training partition of every fold.

    Parameters
    ----------
    balanced
        Columns fold, utterance, variant and synthetic.

    Raises
    ------
    ValueError
        If a training utterance is missing, or another one is there.

    Examples
    --------
    >>> balanced = pd.DataFrame({"fold": [0], "utterance": ["a"], "variant": ["original"], "synthetic": [False]})
    >>> partitions = pd.DataFrame({"fold": [0, 0], "utterance": ["a", "b"], "partition": "train"})
    >>> check_balanced(balanced, partitions)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: ...: found 1 utterance of train without a row, the first is b; ...
    """
    recorded = balanced[is_real(balanced)]
    train = partitions[partitions["partition"] == "train"]
    found, wanted = (pd.MultiIndex.from_frame(rows[KEYS[:2]]) for rows in (recorded, train))
    _refuse(BALANCED, [name for _, name in wanted.difference(found)], "of train without a row")
    _refuse(BALANCED, [name for _, name in found.difference(wanted)], "outside the training partition")


def check_predictions(predictions: pd.DataFrame, partitions: pd.DataFrame, *, wanted: Sequence[str]) -> None:
    """Raise an error if an utterance of the partitions `wanted` has no prediction in some fold.

    Raises
    ------
    ValueError
        If a prediction is missing, or nothing was to be predicted.

    Examples
    --------
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["a", "b"], "partition": ["dev", "test"]})
    >>> check_predictions(partitions[:1], partitions, wanted=["dev"])
    """
    rows = partitions[partitions["partition"].isin(wanted)]
    named = " and ".join(wanted) or "dev and test"
    if rows.empty:
        raise ValueError(f"{PREDICTED}: found no row of {named}; {REMEDY}")
    missing = pd.MultiIndex.from_frame(rows[KEYS]).difference(pd.MultiIndex.from_frame(predictions[KEYS]))
    _refuse(PREDICTED, [name for _, name, _ in missing], f"of {named} without a prediction")


def _refuse(where: str, utterances: Iterable[str], fault: str) -> None:
    names = sorted(utterances)
    if names:
        raise ValueError(
            f"{where}: found {counted(len(names), 'utterance')} {fault}, the first is {names[0]}; {REMEDY}"
        )
