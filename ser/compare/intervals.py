"""Interval and p value of the difference of two runs, from the counts of each speaker and emotion.

Speakers are the unit of both, because predictions on utterances of one speaker are alike. Counts are arrays
`(n_speakers, n_labels)`: `support` of annotated utterances, `hits_a` and `hits_b` of correct predictions of each run.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap, norm, permutation_test, t

from ser.evaluation.metrics import CONFIDENCE_LEVEL
from ser.evaluation.written_scores import MIN_SPEAKERS_OF_INTERVAL

Floats = npt.NDArray[np.float64]

N_RESAMPLES: Final = 9999
BATCH: Final = 500


def bootstrap_interval(
    support: Floats, hits_a: Floats, hits_b: Floats, *, macro: bool, n_resamples: int, seed: int
) -> tuple[float, float]:
    """95 % confidence interval of the difference B - A of the UAR (`macro`) or of the accuracy.

    A paired percentile bootstrap over speakers [1]_: each drawn speaker brings the predictions of both runs. With few
    speakers it would be too narrow, so its level is expanded [2]_. Speakers without utterances are left out; (NaN, NaN)
    with fewer than 6 others.

    References
    ----------
    .. [1] Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 8 and 13.
    .. [2] Hesterberg (2015), What teachers should know about the bootstrap, The American Statistician 69(4): 371-386,
       section 5.3.

    Examples
    --------
    >>> support, hits_a = np.full((8, 2), 10.0), np.full((8, 2), 6.0)
    >>> bootstrap_interval(support, hits_a, hits_a + 1, macro=True, n_resamples=99, seed=0)
    (0.1, 0.1)
    """
    has_some = support.sum(axis=1) > 0
    support, gain = support[has_some], (hits_b - hits_a)[has_some]
    if len(support) < MIN_SPEAKERS_OF_INTERVAL:
        return np.nan, np.nan

    def difference(drawn: npt.NDArray[np.intp], axis: int = -1) -> Floats:
        return rate(gain[drawn].sum(axis=-2), support[drawn].sum(axis=-2), macro=macro)

    found = bootstrap(
        (np.arange(len(support)),),
        difference,
        vectorized=True,
        method="percentile",
        confidence_level=expanded_level(len(support)),
        n_resamples=n_resamples,
        batch=BATCH,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def expanded_level(n: int) -> float:
    """Confidence level at which a percentile bootstrap of `n` values is as wide as Student's 95 % interval.

    Examples
    --------
    >>> [round(expanded_level(n), 3) for n in (6, 24, 1000)]
    [0.995, 0.965, 0.95]
    """
    quantile = t.ppf((1 + CONFIDENCE_LEVEL) / 2, n - 1) * np.sqrt(n / (n - 1))
    return float(1 - 2 * norm.cdf(-quantile))


def p_value(support: Floats, hits_a: Floats, hits_b: Floats, *, macro: bool, n_resamples: int, seed: int) -> float:
    """Two-sided p value of the difference of the UAR (`macro`) or of the accuracy, by a permutation test [1]_.

    If both runs were equally good, their predictions on any speaker could be swapped. The difference is compared with
    those after swapping the runs on some of the speakers: in all 2^n_speakers ways if these are at most `n_resamples`,
    else in `n_resamples` random ways.

    References
    ----------
    .. [1] Noreen (1989), Computer-Intensive Methods for Testing Hypotheses, chapter 2; of recognisers: Yeh (2000), More
       accurate tests for the statistical significance of result differences, COLING, 947-953.

    Examples
    --------
    >>> support, hits_a = np.full((8, 2), 10.0), np.full((8, 2), 6.0)
    >>> p_value(support, hits_a, hits_a + 1, macro=True, n_resamples=999, seed=0)  # 2 of 256 ways
    0.0078125
    """
    n_speakers, total = len(support), support.sum(axis=0)
    hits = np.concatenate([hits_a, hits_b])

    def difference(a: npt.NDArray[np.intp], b: npt.NDArray[np.intp], axis: int = -1) -> Floats:
        gain = hits[b].sum(axis=-2) - hits[a].sum(axis=-2)
        return rate(gain, np.broadcast_to(total, gain.shape), macro=macro)

    found = permutation_test(
        (np.arange(n_speakers), np.arange(n_speakers, 2 * n_speakers)),
        difference,
        permutation_type="samples",
        vectorized=True,
        n_resamples=n_resamples,
        batch=BATCH,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def rate(hits: Floats, support: Floats, *, macro: bool) -> Floats:
    """UAR (`macro`) or accuracy of counts `(…, n_labels)`; labels without support do not count.

    Examples
    --------
    >>> hits, support = np.array([3.0, 1.0]), np.array([3.0, 2.0])
    >>> float(rate(hits, support, macro=True)), float(rate(hits, support, macro=False))
    (0.75, 0.8)
    """
    if not macro:
        return np.asarray(hits.sum(axis=-1) / support.sum(axis=-1))
    share = np.divide(hits, support, out=np.zeros(hits.shape), where=support > 0)
    return np.asarray(share.sum(axis=-1) / (support > 0).sum(axis=-1))
