"""Two-dimensional maps of feature rows: t-SNE and UMAP."""

import sys
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

Points = npt.NDArray[np.float32]

TITLES = {"tsne": "t-SNE", "umap": "UMAP"}


def drawn(rows: pd.DataFrame, *, max_rows: int, seed: int) -> pd.DataFrame:
    """At most `max_rows` of `rows`, in their order."""
    if len(rows) <= max_rows:
        return rows
    return rows.sample(max_rows, random_state=seed).sort_index()


def standardised(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Each feature with mean 0 and deviation 1, so that no unit decides what is near."""
    return np.asarray(StandardScaler().fit_transform(values), np.float32)


def tsne(values: npt.NDArray[np.float32], *, perplexity: float, seed: int) -> Points:
    """t-SNE of `(n_rows, n_features)`, `(n_rows, 2)`; on one core, since each number of cores adds up in another order.

    Raises
    ------
    ValueError
        If the perplexity is not below the number of rows.

    References
    ----------
    .. [1] van der Maaten and Hinton (2008), Visualizing data using t-SNE, JMLR 9: 2579-2605.
    """
    if not 0 < perplexity < len(values):
        raise ValueError(
            f"projection.tsne.perplexity={perplexity} must be above 0 and below the number of rows, {len(values)};"
            " lower it"
        )
    with threadpool_limits(1):
        return np.asarray(TSNE(perplexity=perplexity, random_state=seed).fit_transform(values), np.float32)


def umap(values: npt.NDArray[np.float32], *, n_neighbors: int, min_dist: float, seed: int) -> Points:
    """UMAP of `(n_rows, n_features)`, `(n_rows, 2)`; on one core, which a fixed seed asks for.

    Raises
    ------
    ValueError
        If the number of neighbours is below 2 or not below the number of rows, or there are fewer than 5 rows.

    References
    ----------
    .. [1] McInnes, Healy and Melville (2018), UMAP, arXiv:1802.03426.
    """
    if not 2 <= n_neighbors < len(values) or len(values) < 5:
        raise ValueError(
            f"projection.umap.n_neighbors={n_neighbors} must be 2 or more and below the number of rows, {len(values)},"
            " which must be 5 or more; lower it, or keep more emotions in labels"
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_jobs value", category=UserWarning)  # says what the seed implies
        mapper = _umap_class()(n_neighbors=n_neighbors, min_dist=min_dist, random_state=seed, n_jobs=1)
        return np.asarray(mapper.fit_transform(values), np.float32)


COMPILED = ("fast_knn_indices", "smooth_knn_dist", "compute_membership_strengths")


def _umap_class() -> Any:
    """UMAP, imported without the TensorFlow that its package imports where there is one: seconds, for nothing here.

    What it compiles is kept on disk, the functions `COMPILED`, too, which it would compile anew in each process.
    """
    hidden = "tensorflow" not in sys.modules
    if hidden:
        sys.modules["tensorflow"] = None  # type: ignore[assignment] # makes its import fail, as if not installed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)
            from umap import umap_
    finally:
        if hidden:
            del sys.modules["tensorflow"]
    for name in COMPILED:
        getattr(umap_, name).enable_caching()
    return umap_.UMAP
