"""Speakers of a corpus whose file names do not state them, taken from a table or by a pattern from the paths."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ser.corpora import speaker_table
from ser.corpora.naming import InvalidName, Naming
from ser.corpora.speaker_table import TABLE

Completion = Callable[[PurePosixPath, Naming], Naming]
"""Path and its naming -> the naming with the speaker."""


def completion(folder: Path, pattern: str | None) -> Completion:
    """Function that adds the speaker to a naming: by `pattern`, else by `speakers.csv` in `folder`, else unchanged.

    Parameters
    ----------
    pattern
        Regular expression, searched in the path below the root, with a group named `speaker`.

    Raises
    ------
    ValueError
        If the pattern is not a regular expression or has no such group, or the table cannot be used.

    Examples
    --------
    >>> complete = completion(Path(), "(?P<speaker>[a-z]+)_")
    >>> complete(PurePosixPath("Angry/ben_1.wav"), Naming("angry")).speaker
    'ben'
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
        return replace(naming, speaker=speaker_table.speaker(found["speaker"]))

    return complete


def _by_table(table: Path) -> Completion:
    rows = speaker_table.read(table)
    of_name: dict[str, list[speaker_table.Row]] = {}
    for path, row in rows.items():
        of_name.setdefault(PurePosixPath(path).stem.casefold(), []).append(row)

    def complete(path: PurePosixPath, naming: Naming) -> Naming:
        key = speaker_table.key(str(path))
        row = rows.get(key)
        if row is None:
            alike = of_name.get(PurePosixPath(key).stem.casefold(), [])
            remedy = f"add a row with this path to {TABLE}"
            if len(alike) == 1:
                remedy += f", or write it so in line {alike[0].line}, which has {alike[0].path}"
            raise InvalidName(f"{TABLE} has no speaker for it", remedy)
        if not row.speaker:
            raise InvalidName(f"{TABLE} has no speaker for it", f"fill in line {row.line} of {TABLE}")
        return replace(naming, speaker=row.speaker, sex=row.sex or naming.sex)

    return complete
