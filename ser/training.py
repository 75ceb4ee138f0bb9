"""Fit a classifier with honest probabilities."""

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedGroupKFold

from ser.models.scikit_learn import model
from ser.tables import feature_columns


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

    The temperature of the probabilities comes from out-of-fold decisions for real rows, in speaker-grouped folds:
    synthetic rows lie between real ones and would look easier than speech is. The classifier itself then learns from
    all rows.

    Parameters
    ----------
    rows
        emotion, synthetic, and the features.
    speaker
        Of each row; missing where unknown: such a row is a group of its own.
    n_calibration_folds
        At most; fewer where an emotion has fewer speakers.

    Raises
    ------
    ValueError
        If an emotion has only one speaker, or there is only one emotion.
    """
    real = ~rows["synthetic"].to_numpy()
    columns = feature_columns(rows)
    values, emotion = rows[columns].to_numpy(), rows["emotion"].to_numpy(str)
    group = speaker.where(speaker.notna(), rows["utterance"]).to_numpy(str)[real]
    folds = _grouped_folds(emotion[real], group, n_folds=n_calibration_folds, seed=seed)
    splits = list(folds.split(values[real], emotion[real], group))
    calibrated = CalibratedClassifierCV(
        model(name, seed=seed, **settings), method="temperature", cv=splits, ensemble=False
    )
    calibrated.fit(values[real], emotion[real])
    if not real.all():
        calibrated.calibrated_classifiers_[0].estimator.fit(values, emotion)
    return calibrated


def _grouped_folds(emotion: np.ndarray, group: np.ndarray, *, n_folds: int, seed: int) -> StratifiedGroupKFold:
    n_groups = pd.Series(group).groupby(emotion).nunique()
    if len(n_groups) < 2:
        raise ValueError(f"training has the one emotion {n_groups.index[0]}; a classifier needs two")
    if n_groups.min() < 2:
        raise ValueError(
            f"only one training speaker is heard with {n_groups.idxmin()}, so its probabilities cannot be checked on"
            " another speaker; leave that emotion out with corpus.emotions, or choose another partition"
        )
    return StratifiedGroupKFold(min(n_folds, int(n_groups.min())), shuffle=True, random_state=seed)
