"""Fit a classifier with honest probabilities."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import parallel_config
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold

from ser.core.tables import ORIGINAL, feature_columns
from ser.models.classifiers import model

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
    """Fit the model `name` to balanced `rows`, its probabilities to predictions for speakers that it did not hear.

    The temperature of the probabilities comes from out-of-fold decisions for recordings as they are, in speaker-grouped
    folds: synthetic rows lie between real ones and would look easier than speech is, and augmented variants are no
    speech as it comes. The classifier itself then learns from all rows.

    Parameters
    ----------
    rows
        variant, emotion, synthetic, and the features.
    speaker
        Of each row, in their order; missing where unknown: such a row is a group of its own.
    n_calibration_folds
        At most; fewer where an emotion has fewer speakers.

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
    calibrated = CalibratedClassifierCV(
        model(name, seed=seed, **settings), method="temperature", cv=splits, ensemble=False
    )
    with parallel_config(backend="threading", n_jobs=-1):  # the folds of the calibration; scikit-learn leaves Python
        calibrated.fit(values[real], emotion[real])
    if not real.all():
        calibrated.calibrated_classifiers_[0].estimator.fit(values, emotion)
    return calibrated


def calibration_group(rows: pd.DataFrame, speaker: pd.Series) -> npt.NDArray[np.str_]:
    """What must not be divided in calibration, for each row: its speaker.

    An utterance is a group of its own where the speaker is unknown, or is the only one with some emotion: there is no
    other voice to check the probabilities of that emotion on.
    """
    utterance = rows["utterance"].to_numpy(str)
    known = np.where(speaker.notna(), speaker, utterance).astype(str)
    lone = lone_speakers(rows, speaker)
    return np.where(np.isin(known, sorted(lone)), utterance, known) if lone else known


def lone_speakers(rows: pd.DataFrame, speaker: pd.Series) -> set[str]:
    """Speakers who are the only one of real `rows` with some emotion."""
    facts = rows[["emotion", "synthetic"]].assign(speaker=speaker.to_numpy())
    voices = facts[~facts["synthetic"]].groupby("emotion")["speaker"].agg(["nunique", "first", "count", "size"])
    alone = voices[(voices["nunique"] == 1) & (voices["count"] == voices["size"])]
    return set(alone["first"])


def _grouped_splits(emotion: npt.NDArray[np.str_], group: npt.NDArray[np.str_], *, n_folds: int, seed: int) -> Splits:
    """Training and test rows of folds that share no group, each of which trains every emotion.

    Stratified folds are drawn anew while both speakers of a rare emotion are in one fold; one fold a group always does.
    """
    if n_folds < 2:
        raise ValueError(f"training.n_calibration_folds is {n_folds}; it must be 2 or more")
    n_groups = pd.Series(group).groupby(emotion).nunique()
    if len(n_groups) < 2:
        raise ValueError(
            f"training has the one emotion {n_groups.index[0]}; a classifier needs two, so keep more in labels"
        )
    if n_groups.min() < 2:
        raise ValueError(
            f"training has one utterance of {n_groups.idxmin()}, so its probabilities cannot be checked; leave that"
            f" emotion out with labels.actions.{n_groups.idxmin()}=drop, or choose another partition"
        )
    n_folds = min(n_folds, int(n_groups.min()))
    for draw in range(N_DRAWS):
        folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed + draw)
        splits: Splits = list(folds.split(emotion, emotion, group))
        if all(np.unique(emotion[training]).size == len(n_groups) for training, _ in splits):
            return splits
    return list(LeaveOneGroupOut().split(emotion, emotion, group))
