"""What a change does to the figures, as a page in Markdown that terminals and pull requests show alike."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from ser.compare.intervals import ALPHA, Comparison
from ser.core.wording import chance, interval, percent, signed

SHADES = ((0.75, "█"), (0.5, "▓"), (0.25, "▒"), (0.05, "░"), (0.0, " "))
SHORT = 3  # letters of an emotion's name, which tell all of them apart
CHANGE = "this change"


def page(base: str, verdict: str, comparison: str, diffs: Mapping[str, str], confusions: str, pictures: str) -> str:
    """The whole page.

    Parameters
    ----------
    diffs
        Heading -> what DVC says of it in Markdown, empty where nothing differs.
    confusions, pictures
        As `side_by_side` gives them, and Markdown.
    """
    parts = [f"### Figures against `{base}`", verdict, comparison]
    parts += [f"#### {heading}\n\n{table or 'No difference.'}" for heading, table in diffs.items()]
    if confusions:
        parts += [f"#### Confusion, % of each annotated emotion\n\n```text\n{confusions}\n```"]
    return "\n\n".join([part for part in (*parts, pictures) if part]) + "\n"


def verdict(found: Comparison, partition: str) -> str:
    """What became of the UAR, whether by more than chance, and on what."""
    uar = found.uar
    change = f"UAR {percent(uar['a'])} → {percent(uar['b'])} ({signed(uar['difference'])})"
    p = f" (p = {chance(uar['p'])})"
    if not found.has_interval:
        meaning = "whether that is chance cannot be said of fewer than 6 known speakers"
    elif uar["p"] < ALPHA:
        meaning = f"**a {'drop' if found.is_drop else 'gain'} beyond chance**{p}"
    else:
        meaning = f"no difference beyond chance{p}"
    alone = f" ({found.only_a} more in the former alone, {found.only_b} in the latter)"
    scope = f"{found.n_utterances} utterances of {len(found.speakers)} speakers, {partition}"
    return f"{change}: {meaning}. {scope}{alone if found.only_a or found.only_b else ''}."


def protocols(base: bool, change: bool) -> str:
    """What to say of two runs of which one, or both, are transductive; nothing of the others."""
    if not (base or change):
        return ""
    which = "Both are" if base and change else f"{'The former' if base else 'The latter'} alone is"
    return f" {which} transductive (features standardised by speaker)."


def comparison_table(found: Comparison, base: str) -> str:
    """Markdown table of the differences; with fewer than 6 speakers, of every speaker's UAR, too."""
    head, rows = ["%", f"`{base}`", CHANGE, "difference"], found.differences.to_dict("records")
    lines = [[row["metric"], percent(row["a"]), percent(row["b"]), signed(row["difference"])] for row in rows]
    if found.has_interval:
        head += ["95 % interval", "p"]
        for line, row in zip(lines, rows, strict=True):
            line += [interval(row["low"], row["high"]), chance(row["p"])]
    else:
        lines += [
            [f"uar of {row['speaker']}", percent(row["a"]), percent(row["b"]), signed(row["difference"])]
            for row in found.speakers.to_dict("records")
        ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---", *["--:"] * (len(head) - 1)], *lines))


def side_by_side(tables: Mapping[str, pd.DataFrame], labels: Sequence[str]) -> str:
    """Confusion matrices next to each other, of fixed width: per cent of each annotated emotion, shaded.

    Parameters
    ----------
    tables
        Name of a run -> its predictions.
    """
    width = max(map(len, labels))
    gap, blocks = "   ", []
    for name, rows in tables.items():
        counts = confusion_matrix(rows["truth"], rows["prediction"], labels=list(labels))
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        head = "".join(f"{label[:SHORT]:>4} " for label in labels)
        size = len(head)
        blocks.append([f"{name[:size]:{size}}", head, *("".join(map(_cell, row)) for row in share)])
    names = ["", "", *labels]
    lines = [gap.join([f"{name:{width}}", *row]).rstrip() for name, *row in zip(names, *blocks, strict=True)]
    return "\n".join(lines)


def _cell(share: float) -> str:
    """Per cent in three places after a blank, then a shade."""
    shade = next(mark for least, mark in SHADES if share >= least)
    return f" {100 * share:3.0f}{shade}" if share else "   · "
