"""Page of what a change does to the metrics, in Markdown that is readable in a terminal and in a pull request."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from ser.compare.differences import ALPHA, Comparison
from ser.core.wording import difference_interval, p_value, percent, signed, utterances_of

SHADES = ((0.75, "█"), (0.5, "▓"), (0.25, "▒"), (0.05, "░"), (0.0, " "))
SHORT = 3  # letters of an emotion's name at the head of a column
CHANGE = "this change"


def page(base: str, verdict: str, comparison: str, diffs: Mapping[str, str], confusions: str, pictures: str) -> str:
    """Markdown of the whole page.

    Parameters
    ----------
    verdict, comparison
        From `verdict` and `comparison_table`.
    diffs
        Heading -> Markdown table of DVC, empty where nothing differs.
    confusions
        From `confusions_beside`.
    pictures
        Markdown that shows the pictures.

    Examples
    --------
    >>> page("main", "UAR 50.0 → 60.0", "", {"Parameters": ""}, "", "").splitlines()[::2]
    ['### Figures against `main`', 'UAR 50.0 → 60.0', '#### Parameters', 'No difference.']
    """
    parts = [f"### Figures against `{base}`", verdict, comparison]
    parts += [f"#### {heading}\n\n{table or 'No difference.'}" for heading, table in diffs.items()]
    if confusions:
        parts += [f"#### Confusion, % of each annotated emotion\n\n```text\n{confusions}\n```"]
    return "\n\n".join([part for part in (*parts, pictures) if part]) + "\n"


def verdict(comparison: Comparison, partition: str) -> str:
    """Sentences on the change of the UAR, its significance, and the utterances compared.

    Examples
    --------
    >>> uar = pd.DataFrame([{"metric": "uar", "a": 0.5, "b": 0.6, "difference": 0.1, "p": 0.5}])
    >>> speakers = pd.DataFrame({"speaker": list("abcdef")})
    >>> print(verdict(Comparison(uar, speakers, n_utterances=40, only_a=0, only_b=0), "test"))
    UAR 50.0 → 60.0 (+10.0): no significant difference (p = 0.50). 40 utterances of 6 speakers, test.
    """
    uar = comparison.uar
    change = f"UAR {percent(uar['a'])} → {percent(uar['b'])} ({signed(uar['difference'])})"
    p = f" (p = {p_value(uar['p'])})"
    if not comparison.has_interval:
        meaning = "significance unknown, since a test needs at least 6 speakers, all known"
    elif uar["p"] < ALPHA:
        meaning = f"**a significant {'drop' if comparison.is_drop else 'gain'}**{p}"
    else:
        meaning = f"no significant difference{p}"
    alone = f" (left out: {comparison.only_a} only in the base, {comparison.only_b} only in the change)"
    scope = f"{utterances_of(comparison.n_utterances, len(comparison.speakers))}, {partition}"
    return f"{change}: {meaning}. {scope}{alone if comparison.only_a or comparison.only_b else ''}."


def transductive_note(base: bool, change: bool) -> str:
    """Sentence that names the transductive runs; empty if neither is.

    Examples
    --------
    >>> transductive_note(False, True)
    ' Only the change is transductive (features standardised by speaker).'
    """
    if not (base or change):
        return ""
    which = "Both runs are" if base and change else f"Only the {'base' if base else 'change'} is"
    return f" {which} transductive (features standardised by speaker)."


def comparison_table(comparison: Comparison, base: str) -> str:
    """Markdown table of the differences; with fewer than 6 speakers, also of the UAR of each speaker.

    Examples
    --------
    >>> uar = {"a": 0.5, "b": 0.6, "difference": 0.1}
    >>> differences = pd.DataFrame([{"metric": "uar", "p": np.nan, **uar}])
    >>> speakers = pd.DataFrame([{"speaker": "anna", **uar}])
    >>> print(comparison_table(Comparison(differences, speakers, n_utterances=2, only_a=0, only_b=0), "main"))
    | % | `main` | this change | difference |
    | --- | --: | --: | --: |
    | uar | 50.0 | 60.0 | +10.0 |
    | uar of anna | 50.0 | 60.0 | +10.0 |
    """
    head, rows = ["%", f"`{base}`", CHANGE, "difference"], comparison.differences.to_dict("records")
    lines = [[row["metric"], percent(row["a"]), percent(row["b"]), signed(row["difference"])] for row in rows]
    if comparison.has_interval:
        head += ["95 % interval", "p"]
        for line, row in zip(lines, rows, strict=True):
            line += [difference_interval(row["low"], row["high"]), p_value(row["p"])]
    else:
        lines += [
            [f"uar of {row['speaker']}", percent(row["a"]), percent(row["b"]), signed(row["difference"])]
            for row in comparison.speakers.to_dict("records")
        ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---", *["--:"] * (len(head) - 1)], *lines))


def confusions_beside(tables: Mapping[str, pd.DataFrame], labels: Sequence[str]) -> str:
    """Text of confusion matrices side by side: per cent of each annotated emotion, with shades.

    Parameters
    ----------
    tables
        Name of a run -> its predictions.

    Examples
    --------
    >>> rows = pd.DataFrame({"truth": ["sad", "sad", "calm"], "prediction": ["sad", "calm", "calm"]})
    >>> print(confusions_beside({"base": rows}, ["calm", "sad"]))
           base
            cal  sad
    calm    100█   ·
    sad      50▓  50▓
    """
    width = max(map(len, labels))
    gap, blocks = "   ", []
    for name, rows in tables.items():
        counts = confusion_matrix(rows["truth"], rows["prediction"], labels=list(labels))
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        head = "".join(f"{label:>4} " for label in _short(labels))
        size = len(head)
        blocks.append([f"{name[:size]:{size}}", head, *("".join(map(_cell, row)) for row in share)])
    names = ["", "", *labels]
    lines = [gap.join([f"{name:{width}}", *row]).rstrip() for name, *row in zip(names, *blocks, strict=True)]
    return "\n".join(lines)


def _short(labels: Sequence[str]) -> list[str]:
    """First letters of each label; where two begin alike, two letters and a number."""
    beginnings = Counter(label[:SHORT] for label in labels)
    numbers: Counter[str] = Counter()
    short = []
    for label in labels:
        if beginnings[label[:SHORT]] > 1:
            numbers[label[:2]] += 1
            short.append(f"{label[:2]}{numbers[label[:2]]}")
        else:
            short.append(label[:SHORT])
    return short


def _cell(share: float) -> str:
    """Per cent, right-aligned in four characters, then the shade; a dot for none."""
    shade = next(mark for least, mark in SHADES if share >= least)
    return f" {percent(share, digits=0):>3}{shade}" if share else "   · "
