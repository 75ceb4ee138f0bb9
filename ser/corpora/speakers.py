"""Speakers of a corpus whose naming does not state them: by a table, or by a pattern of the paths."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ser.corpora.naming import InvalidName, Naming

TABLE = "speakers.csv"
"""Columns `path` (below the root), `speaker`, and, if known, `sex`."""

Completion = Callable[[PurePosixPath, Naming], Naming]
"""Path and what it states -> the same with its speaker."""


def completion(folder: Path, pattern: str | None) -> Completion:
    """How to complete the namings of the corpus in `folder`: by `pattern`, else by its `speakers.csv`, else not at all.

    Parameters
    ----------
    pattern
        Regular expression, searched in the path below the root, with a group named `speaker`.

    Raises
    ------
    ValueError
        If the pattern has no such group or is none, or the table lacks a column.
    """
    if pattern is not None:
        return _by_pattern(_compiled(pattern))
    if (folder / TABLE).is_file():
        return _by_table(folder / TABLE)
    return lambda _, naming: naming


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"corpus.speaker_pattern {pattern!r} is no regular expression: {error}") from None
    if "speaker" not in compiled.groupindex:
        raise ValueError(f"corpus.speaker_pattern {pattern!r} has no group named speaker; write (?P<speaker>…)")
    return compiled


def _by_pattern(pattern: re.Pattern[str]) -> Completion:
    def complete(path: PurePosixPath, naming: Naming) -> Naming:
        found = pattern.search(str(path))
        if found is None or not found["speaker"]:
            raise InvalidName(
                f"corpus.speaker_pattern {pattern.pattern!r} finds no speaker", "rename it, or mend the pattern"
            )
        return replace(naming, speaker=found["speaker"])

    return complete


def _by_table(table: Path) -> Completion:
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := {"path", "speaker"} - set(reader.fieldnames or ()):
            raise ValueError(f"{table} has no column {', '.join(sorted(missing))}; it needs path and speaker")
        rows = {row["path"]: row for row in reader}

    def complete(path: PurePosixPath, naming: Naming) -> Naming:
        row = rows.get(str(path))
        if row is None or not row["speaker"]:
            raise InvalidName(f"{TABLE} has no speaker for it", f"add a row with this path to {TABLE}")
        return replace(naming, speaker=row["speaker"], sex=row.get("sex") or naming.sex)

    return complete
