"""Balance the emotions of training rows; never of any other.

Rows that are made here are flagged `synthetic`. With one fold every row carries its features; with several, original
rows are references into the feature table and only synthetic rows carry features.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser.core.tables import feature_columns


def rows_of(features: pd.DataFrame, partitions: pd.DataFrame, *, fold: int, partition: str) -> pd.DataFrame:
    """Rows of `features` whose utterance is in `partition` of `fold`, in the order of `features`."""
    rows = partitions[(partitions["fold"] == fold) & (partitions["partition"] == partition)]
    return features[features["utterance"].isin(rows["utterance"])].reset_index(drop=True)


def balanced(rows: pd.DataFrame, *, name: str, seed: int, **settings: int) -> pd.DataFrame:
    """Training `rows` of one fold, then the rows that make every emotion as frequent as the most frequent one.

    Parameters
    ----------
    rows
        utterance, variant, emotion, and the features, if the representation is a table.
    name
        `smote`, `random_oversampler` or `none`.

    Returns
    -------
    DataFrame
        The columns of `rows` and `synthetic`. A row by SMOTE has the variant `smote` and bears the utterance of the
        nearest row of its emotion; a repeated row is equal to the one that it repeats.

    Raises
    ------
    ValueError
        If the name is unknown, there are less than two emotions, a feature is not finite, or `smote` has no features
        or too few rows of an emotion.
    """
    if name not in BALANCERS:
        raise ValueError(f"unknown balance {name!r}; it is one of {', '.join(BALANCERS)}")
    columns = feature_columns(rows)
    values = rows[columns].to_numpy(np.float32)
    if not np.isfinite(values).all():
        bad = rows.loc[~np.isfinite(values).all(axis=1), "utterance"]
        raise ValueError(f"{len(bad)} training rows have NaN or infinite features, the first is {bad.iloc[0]}")
    if rows["emotion"].nunique() < 2:
        raise ValueError("the training partition has less than two emotions; keep more in labels")
    extra = BALANCERS[name](rows, values, seed=seed, **settings)
    return pd.concat([rows.assign(synthetic=False), extra.assign(synthetic=True)], ignore_index=True)


def referenced(rows: pd.DataFrame) -> pd.DataFrame:
    """Blank the features of original rows: they can be looked up."""
    columns = feature_columns(rows)
    return rows.assign(**{column: rows[column].where(rows["synthetic"]) for column in columns})


def dereferenced(rows: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Give every original row of a balanced table its features, and every other that carries none.

    Rows that repeat one of an array carry none, as that has no columns.

    Raises
    ------
    ValueError
        If `features` lacks a row or a feature: the two tables are of different runs.
    """
    columns = feature_columns(features)
    if stale := [column for column in feature_columns(rows) if column not in columns]:
        raise ValueError(
            f"balanced rows have {len(stale)} features that the feature table lacks, the first is {stale[0]}; make"
            " both anew with: dvc repro balance"
        )
    keys = ["utterance", "variant"]
    found = rows[keys].merge(features[[*keys, *columns]], on=keys, how="left")[columns].to_numpy()
    original = ~rows["synthetic"].to_numpy()
    own = rows.reindex(columns=columns).to_numpy(np.float32)
    values = np.where(original[:, None] | np.isnan(own), found, own)
    if np.isnan(values).any():
        raise ValueError("balanced rows are not in the feature table; make both anew with: dvc repro balance")
    plain = rows.drop(columns=[column for column in columns if column in rows])
    return pd.concat([plain, pd.DataFrame(values, columns=columns, index=rows.index)], axis=1)


def _smote(rows: pd.DataFrame, values: npt.NDArray[np.float32], *, k_neighbors: int, seed: int) -> pd.DataFrame:
    """Interpolate between neighbours in standardised features, so that no feature's unit decides who is near.

    References
    ----------
    .. [1] Chawla, Bowyer, Hall and Kegelmeyer (2002), SMOTE, JAIR 16: 321-357.
    """
    columns = feature_columns(rows)
    if not columns:
        raise ValueError("smote needs a feature table, not arrays; choose balance=random_oversampler or balance=none")
    count = rows["emotion"].value_counts().sort_index()
    for emotion, n_rows in count[count < count.max()].items():
        if n_rows <= k_neighbors:
            raise ValueError(
                f"smote needs more than balance.k_neighbors={k_neighbors} training rows of each emotion, and {emotion}"
                f" has {n_rows}; lower balance.k_neighbors below {n_rows}, or choose balance=random_oversampler"
            )
    if count.nunique() == 1:
        return rows.iloc[:0]  # balanced as it is, and nothing cannot be scaled back
    from imblearn.over_sampling import SMOTE  # takes a second, which those who only read balanced rows need not pay
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(values)
    scaled = scaler.transform(values)
    sampler = SMOTE(k_neighbors=k_neighbors, random_state=seed)
    everything, emotion = sampler.fit_resample(scaled, rows["emotion"].to_numpy(str))
    synthetic, emotion = everything[len(rows) :], emotion[len(rows) :]
    extra = pd.DataFrame(scaler.inverse_transform(synthetic).astype(np.float32), columns=columns)
    nearest = _nearest(scaled, rows["emotion"].to_numpy(str), synthetic, emotion)
    extra.insert(0, "emotion", emotion)
    extra.insert(0, "variant", "smote")
    extra.insert(0, "utterance", rows["utterance"].to_numpy()[nearest])
    return extra


def _nearest(
    values: npt.NDArray[np.floating],
    emotions: npt.NDArray[np.str_],
    synthetic: npt.NDArray[np.floating],
    synthetic_emotions: npt.NDArray[np.str_],
) -> npt.NDArray[np.intp]:
    """Index of the nearest row of the same emotion, for each synthetic row."""
    from sklearn.neighbors import NearestNeighbors

    nearest = np.zeros(len(synthetic), np.intp)
    for emotion in np.unique(synthetic_emotions):
        own, made = np.flatnonzero(emotions == emotion), synthetic_emotions == emotion
        search = NearestNeighbors(n_neighbors=1).fit(values[own])
        nearest[made] = own[search.kneighbors(synthetic[made], return_distance=False)[:, 0]]
    return nearest


def _random_oversampler(rows: pd.DataFrame, values: npt.NDArray[np.float32], *, seed: int) -> pd.DataFrame:
    """Repeat rows of the rarer emotions, drawn with replacement."""
    from imblearn.over_sampling import RandomOverSampler

    index = np.arange(len(rows))[:, None]
    drawn, _ = RandomOverSampler(random_state=seed).fit_resample(index, rows["emotion"].to_numpy(str))
    repeats: pd.DataFrame = rows.iloc[drawn[len(rows) :, 0]]
    return repeats


def _none(rows: pd.DataFrame, values: npt.NDArray[np.float32], *, seed: int) -> pd.DataFrame:
    return rows.iloc[:0]


BALANCERS: Mapping[str, Callable[..., pd.DataFrame]] = {
    "smote": _smote,
    "random_oversampler": _random_oversampler,
    "none": _none,
}
