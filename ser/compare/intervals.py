"""Two recognisers on the utterances that both predicted: how far they differ, and whether that is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import bootstrap, norm, permutation_test, t

from ser.evaluation.metrics import CONFIDENCE_LEVEL, DIGITS, MIN_SPEAKERS, labels_of

Floats = npt.NDArray[np.float64]

N_RESAMPLES: Final = 9999
BATCH: Final = 500
ALPHA: Final = 0.05


@dataclass(frozen=True)
class Comparison:
    """What a run B has more than a run A, on the utterances that both predicted."""

    differences: pd.DataFrame
    """metric, a, b, difference, low, high, p: UAR, accuracy, and the recall of every emotion.

    low and high (a 95 % interval) and p are missing with fewer than 6 speakers; the recalls never have a p, since the
    smallest of many is small by chance.
    """
    speakers: pd.DataFrame
    """speaker, n_utterances, a, b, difference: the UAR on every speaker, over the emotions that the speaker has."""
    n_utterances: int
    only_a: int
    """Utterances that A predicted and B did not."""
    only_b: int

    @property
    def uar(self) -> "pd.Series[Any]":
        """Row of the UAR."""
        return self.differences.iloc[0]

    @property
    def has_interval(self) -> bool:
        """Whether there were speakers enough for an interval and a p."""
        return not np.isnan(self.uar["p"])

    @property
    def is_drop(self) -> bool:
        """Whether the UAR of B is lower than A's beyond chance."""
        return bool(self.uar["difference"] < 0 and self.uar["p"] < ALPHA)  # a missing p is not below anything


def compared(a: pd.DataFrame, b: pd.DataFrame, *, n_resamples: int = N_RESAMPLES, seed: int = 0) -> Comparison:
    """Compare two tables of predictions of one partition, pooled over folds.

    The interval is a paired percentile bootstrap over speakers [1]_: speakers are drawn, each with what both runs
    predicted of them. Of few speakers it would be too narrow, and so is expanded [2]_. p is two-sided and is of a
    permutation test [3]_: if the runs were alike, what they predicted of a speaker could as well be swapped, so the
    difference is compared with those after swapping the runs in each speaker or not, in all 2^n ways if `n_resamples`
    allows, else in that many random ones. Speakers, and not utterances, are drawn and swapped, because what is
    predicted of one speaker's utterances is alike.

    Parameters
    ----------
    a, b
        Predictions; an utterance that several folds predict counts once, each of its rows in part.

    Raises
    ------
    ValueError
        If their labels differ, they have no utterance in common, or disagree on what was said or by whom.

    References
    ----------
    .. [1] Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 8 and 13.
    .. [2] Hesterberg (2015), What teachers should know about the bootstrap, The American Statistician 69(4): 371-386,
       section 5.3.
    .. [3] Noreen (1989), Computer-Intensive Methods for Testing Hypotheses, chapter 2; of recognisers: Yeh (2000), More
       accurate tests for the statistical significance of result differences, COLING, 947-953.
    """
    labels = _shared_labels(a, b)
    common = a.loc[a["utterance"].isin(b["utterance"])]
    other = b.loc[b["utterance"].isin(a["utterance"])]
    _check_same(common, other)
    speaker = common["speaker"].dropna()
    names = sorted(speaker.unique())
    support, hits_a = counts(common, names, labels)
    _, hits_b = counts(other, names, labels)
    has_interval = len(names) >= MIN_SPEAKERS and len(speaker) == len(common)
    whole_a, whole_b = _weighted_scores(common, labels), _weighted_scores(other, labels)
    rows = []
    for metric, value in whole_a.items():
        row = {"metric": metric, "a": value, "b": whole_b[metric], "difference": whole_b[metric] - value}
        low, high, p = np.nan, np.nan, np.nan
        if has_interval:
            columns, by_label = _columns(metric, labels)
            own = support[:, columns], hits_a[:, columns], hits_b[:, columns]
            low, high = interval(*own, by_label=by_label, n_resamples=n_resamples, seed=seed)
            if not metric.startswith("recall."):
                p = p_value(*own, by_label=by_label, n_resamples=n_resamples, seed=seed)
        rows.append(row | {"low": low, "high": high, "p": p})
    return Comparison(
        differences=pd.DataFrame(rows).round(DIGITS),
        speakers=_by_speaker(names, support, hits_a, hits_b),
        n_utterances=common["utterance"].nunique(),
        only_a=a["utterance"].nunique() - common["utterance"].nunique(),
        only_b=b["utterance"].nunique() - other["utterance"].nunique(),
    )


def _shared_labels(a: pd.DataFrame, b: pd.DataFrame) -> list[str]:
    """Emotions of both.

    Raises
    ------
    ValueError
        If they differ.
    """
    of_a, of_b = labels_of(a), labels_of(b)
    if of_a != of_b:
        raise ValueError(
            f"A tells apart {', '.join(of_a)}, and B {', '.join(of_b)}; they are compared on the same emotions only, so"
            " run both on the same corpora and labels"
        )
    return of_a


def _check_same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    """Check that two tables of the same utterances have some, and agree on emotions and speakers.

    Raises
    ------
    ValueError
        If not.
    """
    if a.empty:
        raise ValueError("A and B have no utterance in common; compare runs on the same corpus and partition")
    facts = [rows.drop_duplicates("utterance").set_index("utterance")[["truth", "speaker"]] for rows in (a, b)]
    first, second = facts[0].sort_index().fillna(""), facts[1].sort_index().fillna("")
    unlike = (first != second).any(axis=1)
    if unlike.any():
        name = unlike.index[unlike][0]
        said = [f"{', '.join(rows.loc[name])}" for rows in (first, second)]
        raise ValueError(
            f"{unlike.sum()} of {len(unlike)} utterances have another emotion or speaker in B than in A, as {name}:"
            f" {said[0]} in A, {said[1]} in B; run both on the same corpus with the same labels"
        )


def counts(rows: pd.DataFrame, speakers: Sequence[str], labels: Sequence[str]) -> tuple[Floats, Floats]:
    """Utterances of each speaker and emotion, and those of them that were recognised, each `(n_speakers, n_labels)`."""
    weight = 1 / rows.groupby("utterance")["utterance"].transform("size").to_numpy(float)
    hit = (rows["truth"] == rows["prediction"]).to_numpy(float)
    row, column = (
        pd.Index(speakers).get_indexer(pd.Index(rows["speaker"])),
        pd.Index(labels).get_indexer(pd.Index(rows["truth"])),
    )
    known = row >= 0
    support, hits = np.zeros((2, len(speakers), len(labels)))
    np.add.at(support, (row[known], column[known]), weight[known])
    np.add.at(hits, (row[known], column[known]), (weight * hit)[known])
    return support, hits


def interval(
    support: Floats, hits_a: Floats, hits_b: Floats, *, by_label: bool, n_resamples: int, seed: int
) -> tuple[float, float]:
    """95 % paired bootstrap over speakers of the difference of UAR, or without `by_label` of accuracy.

    Speakers without any of these emotions are left out; (NaN, NaN) if fewer than 6 have some.
    """
    has_some = support.sum(axis=1) > 0
    support, more = support[has_some], (hits_b - hits_a)[has_some]
    if len(support) < MIN_SPEAKERS:
        return np.nan, np.nan

    def difference(drawn: npt.NDArray[np.intp], axis: int = -1) -> Floats:
        return rate(more[drawn].sum(axis=-2), support[drawn].sum(axis=-2), by_label=by_label)

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
    """Confidence level at which a percentile bootstrap of `n` is as wide as Student's interval of 95 %."""
    quantile = t.ppf((1 + CONFIDENCE_LEVEL) / 2, n - 1) * np.sqrt(n / (n - 1))
    return float(1 - 2 * norm.cdf(-quantile))


def p_value(support: Floats, hits_a: Floats, hits_b: Floats, *, by_label: bool, n_resamples: int, seed: int) -> float:
    """Two-sided p of the difference of UAR, or without `by_label` of accuracy, by swapping the runs in speakers."""
    n_speakers, total = len(support), support.sum(axis=0)
    hits = np.concatenate([hits_a, hits_b])

    def difference(a: npt.NDArray[np.intp], b: npt.NDArray[np.intp], axis: int = -1) -> Floats:
        more = hits[b].sum(axis=-2) - hits[a].sum(axis=-2)
        return rate(more, np.broadcast_to(total, more.shape), by_label=by_label)

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


def rate(hits: Floats, support: Floats, *, by_label: bool) -> Floats:
    """Share of `support` that `hits` are, both `(…, n_labels)`: mean of each label that has some, or of the whole."""
    if not by_label:
        return np.asarray(hits.sum(axis=-1) / support.sum(axis=-1))
    share = np.divide(hits, support, out=np.zeros(hits.shape), where=support > 0)
    return np.asarray(share.sum(axis=-1) / (support > 0).sum(axis=-1))


def _columns(metric: str, labels: Sequence[str]) -> tuple[list[int], bool]:
    """Columns of the emotions that a metric is of, and whether it is the mean of theirs."""
    if metric.startswith("recall."):
        return [list(labels).index(metric.removeprefix("recall."))], False
    return list(range(len(labels))), metric == "uar"


def _weighted_scores(rows: pd.DataFrame, labels: Sequence[str]) -> dict[str, float]:
    """UAR, accuracy, and recalls of the annotated emotions."""
    support, hits = (sums[0] for sums in counts(rows.assign(speaker="all"), ["all"], labels))
    present = [(label, hits[k] / support[k]) for k, label in enumerate(labels) if support[k]]
    whole = {"uar": rate(hits, support, by_label=True), "accuracy": rate(hits, support, by_label=False)}
    recalls = {f"recall.{label}": value for label, value in present}
    return {name: float(value) for name, value in (whole | recalls).items()}


def _by_speaker(names: Sequence[str], support: Floats, hits_a: Floats, hits_b: Floats) -> pd.DataFrame:
    """UAR of both runs on every speaker."""
    a, b = (rate(hits, support, by_label=True) for hits in (hits_a, hits_b))
    n_utterances = support.sum(axis=1).round().astype(int)
    columns = {"speaker": list(names), "n_utterances": n_utterances, "a": a, "b": b, "difference": b - a}
    return pd.DataFrame(columns).round(DIGITS)
