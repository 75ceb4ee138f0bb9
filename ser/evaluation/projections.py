"""Two-dimensional maps of feature rows: t-SNE and UMAP."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ser.core import numba_cache
from ser.core.hidden import hidden

Points = npt.NDArray[np.float32]

TITLES = {"tsne": "t-SNE", "umap": "UMAP"}
USUAL = {("tsne", "perplexity"): 30.0, ("umap", "n_neighbors"): 15}  # as in conf/projection/default.yaml


def sampled(rows: pd.DataFrame, *, max_rows: int, seed: int) -> pd.DataFrame:
    """Random sample of at most `max_rows` rows, in their original order.

    Examples
    --------
    >>> sampled(pd.DataFrame({"x": range(100)}), max_rows=3, seed=0)["x"].is_monotonic_increasing
    True
    """
    if len(rows) <= max_rows:
        return rows
    return rows.sample(max_rows, random_state=seed).sort_index()


def standardised(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Features with mean 0 and standard deviation 1, so that distances do not depend on units.

    Examples
    --------
    >>> standardised(np.array([[1, 100], [3, 300]], np.float32)).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """
    return np.asarray(StandardScaler().fit_transform(values), np.float32)


def for_few_rows(projection: Mapping[str, Any], *, n_rows: int) -> dict[str, dict[str, Any]]:
    """Settings of t-SNE and UMAP, with fewer neighbours than usual where there are few rows; a warning says so.

    A number that is not the usual one was chosen for a study and stays: `tsne` and `umap` refuse it if it is too large.

    Examples
    --------
    >>> for_few_rows({"tsne": {"perplexity": 30.0}, "umap": {"n_neighbors": 15}}, n_rows=24)
    warning: projection.tsne.perplexity is 7.0 instead of 30.0, because there are 24 rows
    {'tsne': {'perplexity': 7.0}, 'umap': {'n_neighbors': 15}}
    """
    found = {name: dict(projection[name]) for name in ("tsne", "umap")}
    most = {("tsne", "perplexity"): float((n_rows - 1) // 3), ("umap", "n_neighbors"): n_rows - 1}
    for (name, setting), limit in most.items():
        given = found[name].get(setting)
        if given == USUAL[name, setting] and given >= n_rows and limit >= 1:
            found[name][setting] = limit
            print(
                f"warning: projection.{name}.{setting} is {limit} instead of {given}, because there are {n_rows} rows"
            )
    return found


def tsne(values: npt.NDArray[np.float32], *, perplexity: float, seed: int) -> Points:
    """t-SNE [1]_ of `(n_rows, n_features)` to `(n_rows, 2)`.

    It runs on one core: on several, the order of additions, and so the result, depends on their number.

    Raises
    ------
    ValueError
        If the perplexity is not below the number of rows.

    References
    ----------
    .. [1] van der Maaten and Hinton (2008), Visualizing data using t-SNE, JMLR 9: 2579-2605.

    Examples
    --------
    >>> tsne(np.eye(8, 3, dtype=np.float32), perplexity=2, seed=0).shape
    (8, 2)
    """
    if not 0 < perplexity < len(values):
        raise ValueError(
            f"projection.tsne.perplexity={perplexity} must be above 0 and below the number of rows, {len(values)};"
            " lower it"
        )
    plane = np.pad(values, ((0, 0), (0, max(0, 2 - values.shape[1]))))  # principal components begin it, and must be two
    begin = "pca" if np.ptp(values, axis=0).any() else "random"  # equal rows have none, and NaN would end the process
    with threadpool_limits(1):
        return np.asarray(TSNE(init=begin, perplexity=perplexity, random_state=seed).fit_transform(plane), np.float32)


def umap(values: npt.NDArray[np.float32], *, n_neighbors: int, min_dist: float, seed: int) -> Points:
    """UMAP [1]_ of `(n_rows, n_features)` to `(n_rows, 2)`, on one core, because UMAP with a seed uses only one.

    Raises
    ------
    ValueError
        If `n_neighbors` is below 2 or not below the number of rows, or there are fewer than 5 rows.

    References
    ----------
    .. [1] McInnes, Healy and Melville (2018), UMAP, arXiv:1802.03426.
    """
    if not 2 <= n_neighbors < len(values) or len(values) < 5:
        raise ValueError(
            f"projection.umap.n_neighbors={n_neighbors} must be 2 or more and below the number of rows, {len(values)},"
            " which must be 5 or more; lower it, or keep more emotions in labels"
        )
    numba_cache.ensure()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_jobs value", category=UserWarning)  # one core because of the seed
        mapper = _umap_class()(n_neighbors=n_neighbors, min_dist=min_dist, random_state=seed, n_jobs=1)
        return np.asarray(mapper.fit_transform(values), np.float32)


COMPILED = ("fast_knn_indices", "smooth_knn_dist", "compute_membership_strengths")


def _umap_class() -> Any:
    """UMAP's class, imported without TensorFlow, which umap-learn would import for a variant that is not used here.

    The functions `COMPILED` are cached on disk; without that, each process would compile them again.
    """
    with hidden("tensorflow"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)
        from umap import umap_
    for name in COMPILED:
        getattr(umap_, name).enable_caching()
    return umap_.UMAP
