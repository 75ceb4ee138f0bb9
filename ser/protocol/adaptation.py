"""Adaptation of features to their speaker.

It needs all utterances of a speaker, those of the test partition as well, so a study that uses it is transductive.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.preprocessing import StandardScaler

from ser.core.tables import ORIGINAL, feature_columns
from ser.protocol.adaptation_checks import check_speakers
from ser.protocol.finite_features import finite_features

Values = npt.NDArray[np.floating[Any]]


def standardised_by_speaker(features: pd.DataFrame, utterances: pd.DataFrame) -> pd.DataFrame:
    """Feature table in which each feature is standardised over the utterances of each speaker, without their labels.

    Mean and standard deviation come from the original rows; they also transform the augmented variants. A feature that
    is constant in the original rows of a speaker becomes 0; so do all features of a speaker with one utterance.

    Parameters
    ----------
    features
        Feature table.
    utterances
        Columns utterance and speaker; utterances without a row in `features` are ignored.

    Raises
    ------
    ValueError
        If a speaker is unknown or a feature is not finite.

    References
    ----------
    .. [1] Schuller et al. (2010), Cross-corpus acoustic emotion recognition: variances and strategies, IEEE
       Transactions on Affective Computing 1(2): 119-131 (speaker normalisation).

    Examples
    --------
    >>> features = pd.DataFrame({"utterance": list("1234"), "variant": "original", "emotion": "happy"})
    >>> features["f0"] = [100.0, 120.0, 190.0, 230.0]
    >>> utterances = pd.DataFrame({"utterance": list("1234"), "speaker": ["a", "a", "b", "b"]})
    >>> standardised_by_speaker(features, utterances)["f0"].tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """
    speaker = _speaker_of_rows(features, utterances)
    columns = feature_columns(features)
    values = finite_features(features, stage="adapt")
    original = (features["variant"] == ORIGINAL).to_numpy()
    adapted = np.empty_like(values)
    for rows in speaker.groupby(speaker).indices.values():
        adapted[rows] = _standardised(values[rows].astype(np.float64), original[rows])
    return pd.concat([features.drop(columns=columns), pd.DataFrame(adapted, features.index, columns)], axis=1)


def _speaker_of_rows(features: pd.DataFrame, utterances: pd.DataFrame) -> pd.Series:
    speaker = features["utterance"].map(utterances.set_index("utterance")["speaker"])
    check_speakers(speaker.set_axis(features["utterance"]))
    return speaker


def _standardised(values: Values, original: npt.NDArray[np.bool_]) -> Values:
    """Rows of one speaker, `(n_rows, n_features)`, standardised by the mean and deviation of its original rows."""
    own = values[original]
    varies = own.max(axis=0) > own.min(axis=0)  # the computed deviation of equal values may differ from 0
    return np.where(varies, StandardScaler().fit(own).transform(values), 0.0)


def is_standardised_by_speaker(features: pd.DataFrame, utterances: pd.DataFrame, *, tolerance: float) -> bool:
    """True if every feature has the same mean for all speakers, as after `standardised_by_speaker`.

    Features as extracted never have this property, because voices differ. With fewer than two known speakers, or if
    all features are constant, the result is False.

    Parameters
    ----------
    features
        Feature table; only its original rows are used.
    utterances
        Columns utterance and speaker.
    tolerance
        Largest difference between the mean of a speaker and the mean of all, in standard deviations of the feature.

    Examples
    --------
    >>> features = pd.DataFrame({"utterance": list("1234"), "variant": "original", "emotion": "happy"})
    >>> utterances = pd.DataFrame({"utterance": list("1234"), "speaker": ["a", "a", "b", "b"]})
    >>> is_standardised_by_speaker(features.assign(f0=[-1.0, 1.0, -1.0, 1.0]), utterances, tolerance=0.001)
    True
    >>> is_standardised_by_speaker(features.assign(f0=[100.0, 120.0, 190.0, 230.0]), utterances, tolerance=0.001)
    False
    """
    rows = features[features["variant"] == ORIGINAL]
    speaker = rows["utterance"].map(utterances.set_index("utterance")["speaker"])
    rows, speaker = rows[speaker.notna()], speaker[speaker.notna()]
    values = rows[feature_columns(rows)].to_numpy(np.float64)
    if speaker.nunique() < 2 or not values.size:
        return False
    deviation = values.std(axis=0)
    if not (varies := deviation > 0).any():
        return False
    means = np.array([values[own].mean(axis=0) for own in speaker.groupby(speaker).indices.values()])
    off = np.abs(means - values.mean(axis=0))[:, varies] / deviation[varies]
    return bool(off.max() <= tolerance)
