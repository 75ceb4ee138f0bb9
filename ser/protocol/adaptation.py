"""Features relative to their speaker: what needs all of a speaker's utterances, and so makes a study transductive."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.preprocessing import StandardScaler

from ser.core.tables import ORIGINAL, feature_columns

NONE = "none"  # of the settings `adaptation`
Values = npt.NDArray[np.floating[Any]]


def standardised_by_speaker(features: pd.DataFrame, utterances: pd.DataFrame) -> pd.DataFrame:
    """`features` with each one standardised over the original rows of its speaker; no label is looked at.

    Variants are transformed by the figures of the original rows. A feature that these have constant becomes 0, and so
    do all of a speaker with one utterance.

    Parameters
    ----------
    features
        A feature table.
    utterances
        Who said what; those of no row are left out.

    Raises
    ------
    ValueError
        If a speaker is unknown, or a feature not finite.

    References
    ----------
    .. [1] Schuller et al. (2010), Cross-corpus acoustic emotion recognition: variances and strategies, IEEE
       Transactions on Affective Computing 1(2): 119-131, on speaker normalisation.
    """
    speaker = features["utterance"].map(utterances.set_index("utterance")["speaker"])
    if speaker.isna().any():
        unknown = features.loc[speaker.isna(), "utterance"].unique()
        raise ValueError(
            f"adaptation=speaker needs the speaker of every utterance, and {len(unknown)} of"
            f" {features['utterance'].nunique()} have none, the first is {unknown[0]}; give them by"
            " corpus.speaker_pattern or a speakers.csv in the corpus's root, or choose -S adaptation=none"
        )
    columns = feature_columns(features)
    values = features[columns].to_numpy(np.float32)
    if not (finite := np.isfinite(values).all(axis=1)).all():
        bad = features.loc[~finite, "utterance"]
        raise ValueError(
            f"{len(bad)} rows have NaN or infinite features, the first is {bad.iloc[0]}; extract them anew with: dvc"
            " repro -f adapt, or leave that recording out"
        )
    original = (features["variant"] == ORIGINAL).to_numpy()
    adapted = np.empty_like(values)
    for rows in speaker.groupby(speaker).indices.values():
        adapted[rows] = _standardised(values[rows].astype(np.float64), original[rows])
    return pd.concat([features.drop(columns=columns), pd.DataFrame(adapted, features.index, columns)], axis=1)


def _standardised(values: Values, original: npt.NDArray[np.bool_]) -> Values:
    """`values`, `(n_rows, n_features)`, of one speaker, by mean and deviation of the rows that are `original`."""
    own = values[original]
    varies = own.max(axis=0) > own.min(axis=0)  # the deviation of equal values need not be quite 0
    return np.where(varies, StandardScaler().fit(own).transform(values), 0.0)


def is_standardised_by_speaker(features: pd.DataFrame, utterances: pd.DataFrame, *, tolerance: float) -> bool:
    """Whether every feature has the same mean in all speakers, as if each speaker's had been subtracted.

    No extraction gives that: voices differ. Of less than two known speakers nothing can be said, so not.

    Parameters
    ----------
    features
        A feature table.
    tolerance
        By which means may differ from that of all, in deviations of the feature.
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
