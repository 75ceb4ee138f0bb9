"""Means of the probabilities of the members of an ensemble."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float64]

LEAST = 1e-6  # floor of a probability, so that a 0 of one member does not decide alone


def arithmetic(parts: Sequence[Probabilities], weights: Sequence[float] | None = None) -> Probabilities:
    """Arithmetic mean of probabilities `(…, n_labels)`; `weights` has a positive number for each part.

    Examples
    --------
    >>> arithmetic([np.array([0.2, 0.8]), np.array([0.6, 0.4])]).round(2).tolist()
    [0.4, 0.6]
    """
    return np.asarray(np.average(parts, axis=0, weights=weights), np.float64)


def geometric(parts: Sequence[Probabilities], weights: Sequence[float] | None = None) -> Probabilities:
    """Geometric mean of probabilities `(…, n_labels)`, normalised to a sum of 1. It is the mean of the logits.

    `weights` has a positive number for each part.

    Compared with the arithmetic mean, a low probability of one member lowers the result more.

    References
    ----------
    .. [1] Hinton (2002), Training products of experts by minimizing contrastive divergence, Neural computation 14(8).

    Examples
    --------
    >>> geometric([np.array([0.2, 0.8]), np.array([0.6, 0.4])]).round(2).tolist()
    [0.38, 0.62]
    >>> geometric([np.array([0.2, 0.8]), np.array([0.6, 0.4])], weights=[3, 1]).round(2).tolist()
    [0.28, 0.72]
    """
    mean = np.exp(np.average(np.log(np.maximum(parts, LEAST)), axis=0, weights=weights))
    mean[np.max(parts, axis=0) == 0] = 0  # an emotion that no member was trained on
    return np.asarray(mean / mean.sum(axis=-1, keepdims=True), np.float64)


MEANS: Mapping[str, Callable[..., Probabilities]] = {
    "arithmetic": arithmetic,
    "geometric": geometric,
}


def mean_of(
    model: Mapping[str, Any], members: Collection[str] = ()
) -> Callable[[Sequence[Probabilities]], Probabilities]:
    """Function of the mean that the settings of an ensemble name.

    Parameters
    ----------
    model
        Settings mean, and weights: None, or a number for each member by its name. Earlier bundles lack both.
    members
        Names of the members, in the order of their probabilities.

    Raises
    ------
    ValueError
        If the mean is unknown, or the weights are not those of the members.

    Examples
    --------
    >>> mean_of({"name": "ensemble", "mean": "geometric"}) is geometric
    True
    >>> weighted = mean_of({"weights": {"svm": 3.0, "mlp": 1.0}}, ["mlp", "svm"])
    >>> weighted([np.array([0.2, 0.8]), np.array([0.6, 0.4])]).round(2).tolist()
    [0.5, 0.5]
    """
    name, weights = model.get("mean", "arithmetic"), model.get("weights")
    if name not in MEANS:
        raise ValueError(f"unknown model.mean {name!r}; it is {' or '.join(MEANS)}")
    if weights is None:
        return MEANS[name]
    check_weights(weights, members)
    return partial(MEANS[name], weights=[weights[member] for member in members])


def check_weights(weights: Mapping[str, float], members: Collection[str]) -> None:
    """Check that there is a positive weight for each member.

    Raises
    ------
    ValueError
        If there is not.

    Examples
    --------
    >>> check_weights({"svm": 2}, ["svm", "mlp"])
    Traceback (most recent call last):
    ValueError: model.weights is {'svm': 2}; wanted a number above 0 for each of svm, mlp, or null
    """
    if set(weights) != set(members) or not all(0 < weight < math.inf for weight in weights.values()):
        raise ValueError(
            f"model.weights is {dict(weights)}; wanted a number above 0 for each of {', '.join(members)}, or null"
        )
