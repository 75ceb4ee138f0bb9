"""Means of the probabilities of the members of an ensemble."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float64]

LEAST = 1e-6  # floor of a probability, so that a 0 of one member does not decide alone


def arithmetic(parts: Sequence[Probabilities]) -> Probabilities:
    """Arithmetic mean of probabilities `(…, n_labels)`.

    Examples
    --------
    >>> arithmetic([np.array([0.2, 0.8]), np.array([0.6, 0.4])]).round(2).tolist()
    [0.4, 0.6]
    """
    return np.asarray(np.mean(parts, axis=0), np.float64)


def geometric(parts: Sequence[Probabilities]) -> Probabilities:
    """Geometric mean of probabilities `(…, n_labels)`, normalised to a sum of 1. It is the mean of the logits.

    Compared with the arithmetic mean, a low probability of one member lowers the result more.

    References
    ----------
    .. [1] Hinton (2002), Training products of experts by minimizing contrastive divergence, Neural computation 14(8).

    Examples
    --------
    >>> geometric([np.array([0.2, 0.8]), np.array([0.6, 0.4])]).round(2).tolist()
    [0.38, 0.62]
    """
    mean = np.exp(np.mean(np.log(np.maximum(parts, LEAST)), axis=0))
    mean[np.max(parts, axis=0) == 0] = 0  # an emotion that no member was trained on
    return np.asarray(mean / mean.sum(axis=-1, keepdims=True), np.float64)


MEANS: Mapping[str, Callable[[Sequence[Probabilities]], Probabilities]] = {
    "arithmetic": arithmetic,
    "geometric": geometric,
}


def mean_of(model: Mapping[str, Any]) -> Callable[[Sequence[Probabilities]], Probabilities]:
    """Function of the mean that the settings of an ensemble name.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> mean_of({"name": "ensemble", "mean": "geometric"}) is geometric
    True
    """
    name = model.get("mean", "arithmetic")  # earlier bundles lack the setting
    if name not in MEANS:
        raise ValueError(f"unknown model.mean {name!r}; it is {' or '.join(MEANS)}")
    return MEANS[name]
