"""Balance the emotions of the training partition by added rows, which are marked as `synthetic`.

In a balanced table of one fold, every row contains its features; `ser/protocol/references.py` has those of several.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser.core.tables import ORIGINAL, feature_columns
from ser.protocol.across_corpora import corpus_of
from ser.protocol.finite_features import finite_features

BY_SMOTE = "smote"  # name in the settings, and variant of the rows
BY_CORPUS = "by_corpus"


def rows_of(features: pd.DataFrame, partitions: pd.DataFrame, *, fold: int, partition: str) -> pd.DataFrame:
    """Rows of `features` whose utterance is in `partition` of `fold`, in the order of `features`.

    Examples
    --------
    >>> features = pd.DataFrame({"utterance": ["1", "2", "3"], "f0": [90.0, 120.0, 200.0]})
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1", "2", "3"], "partition": ["train", "dev", "train"]})
    >>> rows_of(features, partitions, fold=0, partition="train")["f0"].tolist()
    [90.0, 200.0]
    """
    rows = partitions[(partitions["fold"] == fold) & (partitions["partition"] == partition)]
    return features[features["utterance"].isin(rows["utterance"])].reset_index(drop=True)


def balanced(rows: pd.DataFrame, *, name: str, seed: int, **settings: int) -> pd.DataFrame:
    """Training rows of one fold, followed by rows that make every emotion as frequent as the most frequent one.

    With `by_corpus`, the emotions of a corpus are equally frequent, and all corpora have the same number of rows.

    Parameters
    ----------
    rows
        Columns utterance, variant, emotion, and the features if the representation is a table.
    name
        `smote`, `random_oversampler`, `by_corpus` or `none` (adds no rows).
    settings
        `k_neighbors` of `smote`.

    Returns
    -------
    DataFrame
        Columns of `rows`, and `synthetic`. A row made by SMOTE has the variant `smote` and the utterance of the nearest
        row with its emotion. All other added rows are copies.

    Raises
    ------
    ValueError
        If the name is unknown, there are fewer than two emotions, a feature is not finite, or `smote` has no features
        or too few rows of an emotion.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["1", "2", "3"], "variant": "original", "emotion": ["sad", "sad", "happy"]})
    >>> balanced(rows, name="random_oversampler", seed=0)[["utterance", "synthetic"]].to_numpy().tolist()
    [['1', False], ['2', False], ['3', False], ['3', True]]
    """
    if name not in BALANCERS:
        raise ValueError(f"unknown balance {name!r}; choose one of {', '.join(BALANCERS)}")
    values = finite_features(rows, stage="balance")
    check_counts(rows["emotion"].value_counts(), name=name, **settings)
    extra = BALANCERS[name](rows, values, seed=seed, **settings)
    return pd.concat([rows.assign(synthetic=False), extra.assign(synthetic=True)], ignore_index=True)


def check_counts(count: pd.Series, *, name: str, k_neighbors: int = 0) -> None:
    """Check that training rows can be balanced, from their number alone.

    Parameters
    ----------
    count
        Emotion (index) -> number of training rows.
    name, k_neighbors
        Settings `balance`.

    Raises
    ------
    ValueError
        If there are fewer than two emotions, or too few rows of one for `smote`.

    Examples
    --------
    >>> check_counts(pd.Series({"happy": 9, "sad": 6}), name="smote", k_neighbors=5)
    """
    if len(count) < 2:
        raise ValueError(
            f"training has one emotion, {', '.join(count.index)}, and a classifier needs two; add recordings of"
            " another, or keep more emotions in labels.actions"
        )
    few = count.sort_index()[(count < count.max()) & (count <= k_neighbors)]
    for emotion, n_rows in few.items():
        lower = f"lower balance.k_neighbors below {n_rows}, or " if n_rows > 1 else ""
        raise ValueError(
            f"{name} needs more than balance.k_neighbors={k_neighbors} training rows of each emotion, but {emotion} has"
            f" {n_rows}; {lower}choose balance=random_oversampler"
        )


def balanced_fold(
    features: pd.DataFrame, partitions: pd.DataFrame, *, fold: int, balance: Mapping[str, Any], seed: int
) -> pd.DataFrame:
    """Training rows of one fold, balanced by the settings `balance`; the first column is `fold`.

    Examples
    --------
    >>> features = pd.DataFrame({"utterance": list("123"), "variant": "original", "emotion": ["sad", "sad", "calm"]})
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": list("123"), "partition": "train"})
    >>> rows = balanced_fold(features, partitions, fold=0, balance={"name": "random_oversampler"}, seed=0)
    >>> rows["emotion"].value_counts().to_dict()
    {'sad': 2, 'calm': 2}
    """
    rows = balanced(rows_of(features, partitions, fold=fold, partition="train"), **balance, seed=seed)
    rows.insert(0, "fold", fold)
    return rows


def balanced_folds(
    features: pd.DataFrame, partitions: pd.DataFrame, *, balance: Mapping[str, Any], seed: int
) -> pd.DataFrame:
    """Training rows of every fold, each balanced by itself.

    Examples
    --------
    >>> features = pd.DataFrame({"utterance": list("123"), "variant": "original", "emotion": ["sad", "sad", "calm"]})
    >>> partitions = pd.DataFrame({"fold": [0, 0, 0, 1, 1], "utterance": list("12323"), "partition": "train"})
    >>> balance = {"name": "random_oversampler"}
    >>> balanced_folds(features, partitions, balance=balance, seed=0)["fold"].value_counts(sort=False).to_dict()
    {0: 4, 1: 2}
    """
    folds = sorted(partitions["fold"].unique())
    parts = [balanced_fold(features, partitions, fold=fold, balance=balance, seed=seed) for fold in folds]
    return pd.concat(parts, ignore_index=True)


def dev_rows(features: pd.DataFrame, partitions: pd.DataFrame, *, fold: int) -> pd.DataFrame:
    """Original rows of the dev partition of one fold, none of them synthetic.

    Examples
    --------
    >>> features = pd.DataFrame({"utterance": ["1", "2", "2"], "variant": ["original", "original", "noise"]})
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": ["1", "2"], "partition": ["train", "dev"]})
    >>> dev_rows(features, partitions, fold=0).to_numpy().tolist()
    [['2', 'original', False]]
    """
    dev = rows_of(features, partitions, fold=fold, partition="dev")
    return dev[dev["variant"] == ORIGINAL].assign(synthetic=False)


def _smote(rows: pd.DataFrame, values: npt.NDArray[np.float32], *, k_neighbors: int, seed: int) -> pd.DataFrame:
    """Interpolate between neighbours in standardised features, so that the units do not decide which rows are near.

    References
    ----------
    .. [1] Chawla, Bowyer, Hall and Kegelmeyer (2002), SMOTE, JAIR 16: 321-357.
    """
    columns = feature_columns(rows)
    if not columns:
        raise ValueError("smote needs a feature table, not arrays; choose balance=random_oversampler or balance=none")
    if rows["emotion"].value_counts().nunique() == 1:
        return rows.iloc[:0]  # already balanced; the scaler cannot transform an empty array
    from imblearn.over_sampling import SMOTE  # takes a second to import; readers of balanced rows do not need it
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(values)
    scaled = scaler.transform(values)
    sampler = SMOTE(k_neighbors=k_neighbors, random_state=seed)
    everything, emotion = sampler.fit_resample(scaled, rows["emotion"].to_numpy(str))
    synthetic, emotion = everything[len(rows) :], emotion[len(rows) :]
    extra = pd.DataFrame(scaler.inverse_transform(synthetic).astype(np.float32), columns=columns)
    nearest = _nearest(scaled, rows["emotion"].to_numpy(str), synthetic, emotion)
    extra.insert(0, "emotion", emotion)
    extra.insert(0, "variant", BY_SMOTE)
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


def _by_corpus(rows: pd.DataFrame, values: npt.NDArray[np.float32], *, seed: int) -> pd.DataFrame:
    """Repeat the rows of each corpus and emotion, each as often as the others, up to one row."""
    corpus = corpus_of(rows)
    n_emotions = rows["emotion"].groupby(corpus).transform("nunique").to_numpy()
    cells = [np.asarray(cell) for _, cell in sorted(rows.groupby([corpus, "emotion"]).indices.items())]
    n_rows = max(len(cell) * n_emotions[cell[0]] for cell in cells)  # of every corpus
    generator = np.random.default_rng(seed)
    repeated = [np.resize(generator.permutation(cell), n_rows // n_emotions[cell[0]] - len(cell)) for cell in cells]
    return rows.iloc[np.concatenate(repeated)]


def _none(rows: pd.DataFrame, values: npt.NDArray[np.float32], *, seed: int) -> pd.DataFrame:
    return rows.iloc[:0]


BALANCERS: Mapping[str, Callable[..., pd.DataFrame]] = {
    BY_SMOTE: _smote,
    "random_oversampler": _random_oversampler,
    BY_CORPUS: _by_corpus,
    "none": _none,
}
