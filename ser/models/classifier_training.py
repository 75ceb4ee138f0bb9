"""Training of a classifier with calibrated probabilities."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import parallel_config
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold

from ser.core.tables import ORIGINAL, feature_columns
from ser.models.classifiers import model
from ser.protocol.training_checks import check_calibration

Splits = list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]

N_DRAWS = 10


def fitted(
    rows: pd.DataFrame,
    speaker: pd.Series,
    *,
    name: str,
    n_calibration_folds: int,
    seed: int,
    **settings: object,
) -> CalibratedClassifierCV:
    """Fit the model `name` to balanced `rows`, and calibrate its probabilities on out-of-fold speakers.

    The temperature is fitted to out-of-fold decisions for original recordings, in folds of speakers, because synthetic
    rows are easier and augmented variants are not natural speech. The classifier is fitted to all rows.

    Parameters
    ----------
    rows
        variant, emotion, synthetic, and the features.
    speaker
        Speaker of each row, missing if unknown. Utterances without speaker are groups of their own.
    n_calibration_folds
        Largest number of folds; fewer if an emotion has fewer speakers.

    Raises
    ------
    ValueError
        If an emotion has only one utterance, or there is only one emotion.
    """
    real = (~rows["synthetic"] & (rows["variant"] == ORIGINAL)).to_numpy()
    columns = feature_columns(rows)
    values, emotion = rows[columns].to_numpy(), rows["emotion"].to_numpy(str)
    group = calibration_group(rows, speaker)[real]
    splits = _grouped_splits(emotion[real], group, n_folds=n_calibration_folds, seed=seed)
    unfitted = model(name, seed=seed, **settings)
    calibrated = CalibratedClassifierCV(unfitted, method="temperature", cv=splits, ensemble=False)
    with parallel_config(backend="threading", n_jobs=-1):  # folds in threads: scikit-learn releases Python's lock
        calibrated.fit(values[real], emotion[real])
    if not real.all():
        calibrated.calibrated_classifiers_[0].estimator.fit(values, emotion)
    return calibrated


def calibration_group(rows: pd.DataFrame, speaker: pd.Series) -> npt.NDArray[np.str_]:
    """Group of each row that the folds of the calibration must not divide: its speaker.

    An utterance is a group of its own if its speaker is unknown, or is the only one who has some emotion: no other
    speaker can be used to calibrate that emotion.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": list("1234"), "emotion": ["sad", "sad", "calm", "calm"], "synthetic": False})
    >>> calibration_group(rows, pd.Series(["a", "b", "a", None])).tolist()
    ['a', 'b', 'a', '4']
    """
    utterance = rows["utterance"].to_numpy(str)
    known = np.where(speaker.notna(), speaker, utterance).astype(str)
    lone = lone_speakers(rows, speaker)
    return np.where(np.isin(known, sorted(lone)), utterance, known) if lone else known


def lone_speakers(rows: pd.DataFrame, speaker: pd.Series) -> set[str]:
    """Speakers who are the only one with some emotion in the real rows.

    Examples
    --------
    >>> rows = pd.DataFrame({"emotion": ["sad", "sad", "calm"], "synthetic": False})
    >>> lone_speakers(rows, pd.Series(["a", "b", "b"]))
    {'b'}
    """
    facts = rows[["emotion", "synthetic"]].assign(speaker=speaker.to_numpy())
    voices = facts[~facts["synthetic"]].groupby("emotion")["speaker"].agg(["nunique", "first", "count", "size"])
    alone = voices[(voices["nunique"] == 1) & (voices["count"] == voices["size"])]
    return set(alone["first"])


def _grouped_splits(emotion: npt.NDArray[np.str_], group: npt.NDArray[np.str_], *, n_folds: int, seed: int) -> Splits:
    """Training and test rows of folds that share no group; every fold has all emotions in training.

    Stratified folds are drawn again while both speakers of a rare emotion are in one fold. If no draw succeeds, each
    group is a fold, which always succeeds.
    """
    if n_folds < 2:
        raise ValueError(f"training.n_calibration_folds is {n_folds}; it must be 2 or more")
    n_groups = pd.Series(group).groupby(emotion).nunique()
    if len(n_groups) < 2:
        raise ValueError(
            f"training has one emotion, {n_groups.index[0]}; a classifier needs two, so keep more emotions in labels"
        )
    check_calibration(n_groups)
    n_folds = min(n_folds, int(n_groups.min()))
    for draw in range(N_DRAWS):
        folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed + draw)
        splits: Splits = list(folds.split(emotion, emotion, group))
        if all(np.unique(emotion[training]).size == len(n_groups) for training, _ in splits):
            return splits
    return list(LeaveOneGroupOut().split(emotion, emotion, group))
