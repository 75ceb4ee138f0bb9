"""Means of what the members of an ensemble say."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float64]

LEAST = 1e-6  # probability that counts as 0, so that no member has a veto


def arithmetic(parts: Sequence[Probabilities]) -> Probabilities:
    """Mean of probabilities `(…, n_labels)`."""
    return np.asarray(np.mean(parts, axis=0), np.float64)


def geometric(parts: Sequence[Probabilities]) -> Probabilities:
    """Geometric mean of probabilities `(…, n_labels)`, to a sum of 1: mean of logits, in which a sure no counts.

    References
    ----------
    .. [1] Hinton (2002), Training products of experts by minimizing contrastive divergence, Neural computation 14(8).
    """
    mean = np.exp(np.mean(np.log(np.maximum(parts, LEAST)), axis=0))
    mean[np.max(parts, axis=0) == 0] = 0  # an emotion that none has learned
    return np.asarray(mean / mean.sum(axis=-1, keepdims=True), np.float64)


MEANS: Mapping[str, Callable[[Sequence[Probabilities]], Probabilities]] = {
    "arithmetic": arithmetic,
    "geometric": geometric,
}


def mean_of(model: Mapping[str, Any]) -> Callable[[Sequence[Probabilities]], Probabilities]:
    """The mean that an ensemble's settings name.

    Raises
    ------
    ValueError
        If there is no such mean.
    """
    name = model.get("mean", "arithmetic")  # the only one of earlier bundles
    if name not in MEANS:
        raise ValueError(f"unknown model.mean {name!r}; it is {' or '.join(MEANS)}")
    return MEANS[name]
