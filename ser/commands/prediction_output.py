"""Print predictions as a table, as csv, or as json."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ser.core.wording import NO_VALUE, cell, percent

Row = Mapping[str, Any]

TIMES = ("start", "end")
PROTOCOL = "protocol"
MAX_NAME = 48  # characters; of a longer path only the end is printed
SHARE = 6  # characters of 100.0%
EMOTION = 10  # characters of the column of emotions


def write(
    rows: Iterable[Row],
    *,
    names: Sequence[str],
    labels: Sequence[str],
    kind: str,
    timeline: bool,
    is_enrolled: bool = False,
) -> list[str]:
    """Print predictions, and return the paths of the rows that have an error.

    A table or csv is printed row by row, json at the end.

    Parameters
    ----------
    rows
        path, emotion, confidence, probabilities and duration of each recording (with a timeline, of each window, with
        start and end); or path and error.
    names
        Paths of all rows; they decide the width of the first column.
    labels
        Emotions, in the order of their columns.
    kind
        `table`, `csv` or `json`.
    is_enrolled
        True if predictions depend on recordings of the same speaker; csv then has the column `protocol`.

    Examples
    --------
    >>> row = {"path": "a.wav", "emotion": "sad", "confidence": 0.7, "probabilities": {"calm": 0.3, "sad": 0.7}}
    >>> write([row | {"duration": 2.0}], names=["a.wav"], labels=["calm", "sad"], kind="csv", timeline=False)
    path,emotion,confidence,p_calm,p_sad,duration,error
    a.wav,sad,0.7,0.3,0.7,2.0,
    []
    """
    times = TIMES if timeline else ()
    if kind == "csv":
        return _write_csv(rows, labels, times, protocol=(PROTOCOL,) if is_enrolled else ())
    return {"table": _write_table, "json": _write_json}[kind](rows, names, labels, times)


def _write_json(rows: Iterable[Row], names: Sequence[str], labels: Sequence[str], times: Sequence[str]) -> list[str]:
    found = list(rows)
    print(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False))
    return [row["path"] for row in found if "error" in row]


def _write_csv(
    rows: Iterable[Row], labels: Sequence[str], times: Sequence[str], *, protocol: Sequence[str]
) -> list[str]:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    shares, last = [f"p_{label}" for label in labels], ["duration", *protocol, "error"]
    writer.writerow(["path", *times, "emotion", "confidence", *shares, *last])
    failed = []
    for row in rows:
        if "error" in row:
            failed.append(row["path"])
        probabilities = [row.get("probabilities", {}).get(label, "") for label in labels]
        facts = [row.get(name, "") for name in (*times, "emotion", "confidence")]
        cells = [row["path"], *facts, *probabilities, *(row.get(name, "") for name in last)]
        writer.writerow(map(cell, cells))
        sys.stdout.flush()
    return failed


def _write_table(rows: Iterable[Row], names: Sequence[str], labels: Sequence[str], times: Sequence[str]) -> list[str]:
    width = min(MAX_NAME, max(map(len, ["path", *names])))
    head = [f"{'path':{width}}", *(f"{name:>7}" for name in times), f"{'emotion':{EMOTION}}", "confidence"]
    widths = {label: max(SHARE, len(label)) for label in labels}
    head += [f"{label:>{widths[label]}}" for label in labels]
    print("  ".join(head))
    failed = []
    for row in rows:
        name = row["path"] if len(row["path"]) <= width else "…" + row["path"][1 - width :]
        cells = [f"{name:{width}}"]
        if "error" in row:
            failed.append(row["path"])
            cells += ["error:", row["error"]]
        else:
            cells += [f"{row[time]:7.1f}" for time in times]
            cells += [f"{row['emotion']:{EMOTION}}", f"{_percent(row['confidence']):>10}"]
            cells += [f"{_percent(row['probabilities'].get(label)):>{widths[label]}}" for label in labels]
        print("  ".join(cells), flush=True)
    return failed


def _percent(share: float | None) -> str:
    return NO_VALUE if share is None else f"{percent(share)}%"
