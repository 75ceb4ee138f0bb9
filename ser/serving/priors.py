"""Priors: how frequent each emotion is where the model is used [1]_.

A model is trained as if all emotions were equally frequent. Where they are not, as in most speech, which is neutral,
its probabilities are multiplied by the new priors and made to sum to 1.

References
----------
.. [1] M. Saerens, P. Latinne and C. Decaestecker (2002). "Adjusting the outputs of a classifier to new a priori
   probabilities: a simple procedure." Neural Computation 14(1), 21-41.
"""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real

import numpy as np
import numpy.typing as npt

FORM = "as neutral=0.6"
LEAST = 1e-12  # probability that replaces smaller ones, so that no prior meets only zeros
ROUNDING = 1e-6  # allowed difference from 1 of the sum of priors that name all emotions

Probabilities = npt.NDArray[np.float64]


def parsed(texts: Iterable[str]) -> dict[str, float]:
    """Priors of texts such as `neutral=0.6` and `happy=0.1,sad=0.2`.

    Raises
    ------
    ValueError
        If a text has another form, or an emotion is named twice.

    Examples
    --------
    >>> parsed(["neutral=0.6", "happy=0.1, sad=0.2"])
    {'neutral': 0.6, 'happy': 0.1, 'sad': 0.2}
    >>> parsed(["neutral"])
    Traceback (most recent call last):
    ValueError: the prior is 'neutral'; wanted an emotion and a number, as neutral=0.6
    """
    found: dict[str, float] = {}
    for entry in (one.strip() for text in texts for one in text.split(",")):
        name, _, number = (part.strip() for part in entry.partition("="))
        try:
            share = float(number)
        except ValueError:
            raise ValueError(f"the prior is {entry[:60]!r}; wanted an emotion and a number, {FORM}") from None
        if name in found:
            raise ValueError(f"the prior of {name[:60]} is given twice; give it once")
        found[name] = share
    return found


def shares(prior: Mapping[str, float], labels: Sequence[str]) -> Probabilities:
    """Prior of each label, `(n_labels,)`; labels that `prior` does not name share the rest equally.

    Raises
    ------
    ValueError
        If an emotion is none of the labels, a number is not from 0 to 1, or the sum is not possible.

    Examples
    --------
    >>> shares({"neutral": 0.6}, ["neutral", "happy", "sad"]).round(3).tolist()
    [0.6, 0.2, 0.2]
    >>> shares({"calm": 0.6}, ["neutral", "happy"])
    Traceback (most recent call last):
    ValueError: the prior names 'calm', which the model does not know; wanted emotions of neutral, happy
    """
    if not isinstance(prior, Mapping):
        raise ValueError(f"the prior is {prior!r:.60}; wanted a number for each emotion, as {{'neutral': 0.6}}")
    for name, share in prior.items():
        if name not in labels:
            known = ", ".join(labels)
            raise ValueError(
                f"the prior names {str(name)[:60]!r}, which the model does not know; wanted emotions of {known}"
            )
        if not is_share(share):
            raise ValueError(f"the prior of {name} is {share!r:.60}; wanted a number from 0 to 1, {FORM}")
    total, n_others = sum(prior.values()), len(labels) - len(prior)
    if total > 1 + ROUNDING or (not n_others and total < 1 - ROUNDING):
        wanted = "at most 1, since the other emotions share the rest" if n_others else "1"
        raise ValueError(f"the priors sum to {total:.6g}; wanted {wanted}")
    rest = max(1 - total, 0) / max(n_others, 1)
    return np.array([prior.get(label, rest) for label in labels])


def is_share(value: object) -> bool:
    """True for a number from 0 to 1.

    Examples
    --------
    >>> is_share(0.5), is_share(2), is_share("0.5"), is_share(float("nan")), is_share(10**400)
    (True, False, False, False, False)
    """
    return isinstance(value, Real) and bool(0 <= value <= 1)  # type: ignore[operator]


def reweighted(probabilities: Probabilities, priors: Probabilities) -> Probabilities:
    """Probabilities, `(n_labels,)`, for emotions as frequent as `priors` instead of equally frequent ones.

    Examples
    --------
    >>> reweighted(np.array([0.5, 0.5]), np.array([0.75, 0.25])).tolist()
    [0.75, 0.25]
    """
    found: Probabilities = np.maximum(probabilities, LEAST) * priors
    found /= found.sum()
    return found
