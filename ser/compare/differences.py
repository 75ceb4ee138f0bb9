"""Differences of two runs on the utterances that both predicted, with intervals and p values."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from ser.compare.intervals import N_RESAMPLES, Floats, bootstrap_interval, p_value, rate
from ser.evaluation.metrics import SCORE_DIGITS, labels_of
from ser.evaluation.written_scores import MIN_SPEAKERS_OF_INTERVAL

ALPHA: Final = 0.05


@dataclass(frozen=True)
class Comparison:
    """A run B compared with a run A, on the utterances that both predicted.

    Examples
    --------
    >>> uar = pd.DataFrame([{"metric": "uar", "a": 0.5, "b": 0.4, "difference": -0.1, "p": 0.01}])
    >>> found = Comparison(uar, speakers=pd.DataFrame(), n_utterances=100, only_a=0, only_b=0)
    >>> found.uar["metric"], found.has_interval, found.is_drop
    ('uar', True, True)
    """

    differences: pd.DataFrame
    """metric, a, b, difference (B - A), low, high, p: UAR, accuracy, and the recall of each emotion.

    low and high (a 95 % interval) and p are missing with fewer than 6 speakers. Recalls have no p, because the smallest
    of many p values is small by chance.
    """
    speakers: pd.DataFrame
    """speaker, n_utterances, a, b, difference: the UAR on each speaker, over the emotions of that speaker."""
    n_utterances: int
    only_a: int
    """Number of utterances that A predicted and B did not."""
    only_b: int

    @property
    def uar(self) -> "pd.Series[Any]":
        """Row of the UAR in `differences`."""
        return self.differences.iloc[0]

    @property
    def has_interval(self) -> bool:
        """True if there were enough speakers for an interval and a p value."""
        return not np.isnan(self.uar["p"])

    @property
    def is_drop(self) -> bool:
        """True if the UAR of B is significantly lower than that of A."""
        return bool(self.uar["difference"] < 0 and self.uar["p"] < ALPHA)  # False for a missing p


def comparison(a: pd.DataFrame, b: pd.DataFrame, *, n_resamples: int = N_RESAMPLES, seed: int = 0) -> Comparison:
    """Compare two tables of predictions of one partition, pooled over folds.

    An utterance that several folds predict counts once: its rows share its weight.

    Raises
    ------
    ValueError
        If the labels differ, no utterance is in both, or an utterance has another emotion or speaker in B than in A.

    Examples
    --------
    >>> a = pd.DataFrame({"utterance": ["u1", "u2"], "speaker": "s", "truth": ["sad", "calm"], "prediction": "sad"})
    >>> a = a.assign(p_calm=0.4, p_sad=0.6)
    >>> found = comparison(a, a.assign(prediction=a["truth"]))
    >>> found.uar[["a", "b", "difference"]].to_dict()
    {'a': 0.5, 'b': 1.0, 'difference': 0.5}
    """
    labels = _shared_labels(a, b)
    common = a.loc[a["utterance"].isin(b["utterance"])]
    other = b.loc[b["utterance"].isin(a["utterance"])]
    _check_same(common, other)
    names = sorted(common["speaker"].dropna().unique())
    support, hits_a = support_and_hits(common, names, labels)
    _, hits_b = support_and_hits(other, names, labels)
    table = _differences(common, other, labels)
    if len(names) >= MIN_SPEAKERS_OF_INTERVAL and common["speaker"].notna().all():
        chance = partial(_chance, labels, support, hits_a, hits_b, n_resamples=n_resamples, seed=seed)
        table[["low", "high", "p"]] = [chance(metric) for metric in table["metric"]]
    return Comparison(
        differences=table.round(SCORE_DIGITS),
        speakers=_by_speaker(names, support, hits_a, hits_b),
        n_utterances=common["utterance"].nunique(),
        only_a=a["utterance"].nunique() - common["utterance"].nunique(),
        only_b=b["utterance"].nunique() - other["utterance"].nunique(),
    )


def _shared_labels(a: pd.DataFrame, b: pd.DataFrame) -> list[str]:
    """Emotions of both tables.

    Raises
    ------
    ValueError
        If they differ.
    """
    of_a, of_b = labels_of(a), labels_of(b)
    if of_a != of_b:
        raise ValueError(
            f"A has the emotions {', '.join(of_a)}, and B has {', '.join(of_b)}; only runs with the same emotions can"
            " be compared, so run both on the same corpora and labels"
        )
    return of_a


def _check_same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    """Check that two tables have utterances, and the same emotion and speaker for each.

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
        of_a, of_b = (", ".join(rows.loc[name]) for rows in (first, second))
        raise ValueError(
            f"{unlike.sum()} of {len(unlike)} utterances have another emotion or speaker in B than in A, as {name}:"
            f" {of_a} in A, {of_b} in B; run both on the same corpus with the same labels"
        )


def support_and_hits(rows: pd.DataFrame, speakers: Sequence[str], labels: Sequence[str]) -> tuple[Floats, Floats]:
    """Number of annotated utterances, and of those correctly predicted, each `(n_speakers, n_labels)`.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["u1", "u2"], "speaker": "s", "truth": "sad", "prediction": ["sad", "calm"]})
    >>> support, hits = support_and_hits(rows, ["s"], ["calm", "sad"])
    >>> support.tolist(), hits.tolist()
    ([[0.0, 2.0]], [[0.0, 1.0]])
    """
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


def _differences(a: pd.DataFrame, b: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Scores of both runs and their differences, without intervals."""
    table = pd.DataFrame({"a": _scores(a, labels), "b": _scores(b, labels)}).rename_axis("metric").reset_index()
    return table.assign(difference=table["b"] - table["a"], low=np.nan, high=np.nan, p=np.nan)


def _scores(rows: pd.DataFrame, labels: Sequence[str]) -> dict[str, float]:
    """UAR, accuracy, and the recall of each annotated emotion."""
    support, hits = (sums[0] for sums in support_and_hits(rows.assign(speaker="all"), ["all"], labels))
    whole = {"uar": rate(hits, support, macro=True), "accuracy": rate(hits, support, macro=False)}
    recalls = {f"recall.{label}": hits[k] / support[k] for k, label in enumerate(labels) if support[k]}
    return {name: float(value) for name, value in (whole | recalls).items()}


def _chance(
    labels: Sequence[str], support: Floats, hits_a: Floats, hits_b: Floats, metric: str, *, n_resamples: int, seed: int
) -> tuple[float, float, float]:
    """Interval and p value of the difference of a metric; a recall has no p value."""
    is_recall = metric.startswith("recall.")
    columns = [list(labels).index(metric.removeprefix("recall."))] if is_recall else list(range(len(labels)))
    counts = support[:, columns], hits_a[:, columns], hits_b[:, columns]
    macro = metric == "uar"
    low, high = bootstrap_interval(*counts, macro=macro, n_resamples=n_resamples, seed=seed)
    p = np.nan if is_recall else p_value(*counts, macro=macro, n_resamples=n_resamples, seed=seed)
    return low, high, p


def _by_speaker(names: Sequence[str], support: Floats, hits_a: Floats, hits_b: Floats) -> pd.DataFrame:
    """UAR of both runs on each speaker."""
    a, b = (rate(hits, support, macro=True) for hits in (hits_a, hits_b))
    n_utterances = support.sum(axis=1).round().astype(int)
    columns = {"speaker": list(names), "n_utterances": n_utterances, "a": a, "b": b, "difference": b - a}
    return pd.DataFrame(columns).round(SCORE_DIGITS)
