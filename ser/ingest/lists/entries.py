"""Rows of a list as facts about utterances, and what is wrong with the other rows."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from ser.audio.segments import Segment
from ser.core import files
from ser.core.emotions import normal
from ser.corpora import speaker_table
from ser.corpora.naming import InvalidName, Naming
from ser.ingest.lists.columns import NEEDED
from ser.ingest.lists.listing import EXTRA, Row
from ser.ingest.lists.parts import SPLITS
from ser.ingest.lists.places import Places

Value = TypeVar("Value")

CLOCK = re.compile(r"(?:(?P<days>\d+) days? )?(?:(?:(?P<h>\d+):)?(?P<m>\d+):)?(?P<s>\d+(?:[.,]\d*)?)")
NOTHING = ("", "nan", "nat", "none", "null", "na", "n/a")
UNNAMED = (*NOTHING, "unknown")  # speakers


class Entry(NamedTuple):
    """A row of a list whose file is there.

    Examples
    --------
    >>> one = Entry(Row(2), "a.wav", Path("/data/a.wav"), Naming("happy"))
    >>> one.part
    ('/data/a.wav', None)
    """

    row: Row
    given: str
    """Path as the list has it."""
    path: Path
    naming: Naming
    segment: Segment | None = None
    annotator: str = ""

    @property
    def part(self) -> tuple[str, Segment | None]:
        """The file without links, and the segment: equal for rows of one utterance."""
        return str(self.path.resolve()), self.segment


def entry(
    row: Row, cells: Mapping[str, str], roles: Mapping[str, str], places: Places, *, split: str = ""
) -> Entry | list[InvalidName]:
    """Facts of a row, or everything that is wrong with it.

    Parameters
    ----------
    cells
        Column -> text.
    roles
        Role -> its column.
    split
        Partition of the rows of this table, if no column states it.

    Examples
    --------
    >>> roles = {"file": "wav", "emotion": "label"}
    >>> found = entry(Row(7), {"wav": "https://x.org/a.wav", "label": ""}, roles, Places([]))
    >>> [error.reason for error in found]
    ['the emotion is empty', 'an address of the web']
    """
    given = {role: cells.get(column, "") for role, column in roles.items()}
    wrong: list[InvalidName] = [*_empty(cells, given), *_several_lines(given)]
    path = _or_fault(wrong, lambda: places.find(given["file"]) if given["file"] else None)
    sex = _or_fault(wrong, lambda: speaker_table.sex(given.get("sex", "")))
    segment = _or_fault(wrong, lambda: _segment(given.get("start", ""), given.get("end", "")))
    if path is not None and not files.is_utf_8(path):
        wrong.append(InvalidName("the name of its file is not UTF-8", "rename it"))
    if path is not None and files.has_line_break(path):
        wrong.append(InvalidName("the name of its file has a line break", "rename it, here too"))
    if wrong or path is None:
        return wrong
    split = given.get("split", split)
    naming = Naming(
        corpus_label=normal(given["emotion"]),
        speaker=None if given.get("speaker", "").casefold() in UNNAMED else speaker_table.speaker(given["speaker"]),
        sex=sex,
        language=given.get("language") or None,
        intensity=given.get("intensity") or None,
        partition=SPLITS.get(split.casefold(), split) or None,
    )
    return Entry(row, given["file"], path, naming, segment, given.get("annotator", ""))


def _or_fault(wrong: list[InvalidName], function: Callable[[], Value]) -> Value | None:
    """Result of a function; None if it raises an error, which `wrong` gets."""
    try:
        return function()
    except ValueError as error:
        reason, _, remedy = str(error).partition("; ")
        wrong.append(InvalidName(reason, remedy))
    return None


def _empty(cells: Mapping[str, str], given: Mapping[str, str]) -> Iterator[InvalidName]:
    for role in ("file", "emotion"):
        if not given[role]:
            yield InvalidName(f"the {role} is empty", "fill it in, or remove the row")
    if cells.get(EXTRA):
        reason = f"more cells than columns ({cells[EXTRA]})"
        yield InvalidName(reason, "write a cell that has the delimiter in double quotes")


def _several_lines(given: Mapping[str, str]) -> Iterator[InvalidName]:
    for role, value in given.items():
        if role not in NEEDED and files.has_line_break(value):
            yield InvalidName(f"the {role} is {value!r}, which has a line break", "write it on one line")


def _segment(start: str, end: str) -> Segment | None:
    first, last = seconds(start), seconds(end)
    if first is None and last is None:
        return None
    first = first or 0.0
    if not first and last is None:
        return None  # all of the recording
    if last is not None and first >= last:
        raise InvalidName(f"the start, {first:g} s, is not before the end, {last:g} s", "mend them")
    return Segment(first, last)


def seconds(text: str) -> float | None:
    """Seconds of a text such as `1.5`, `1,5` or `0:01:02.5`; None for no value.

    Raises
    ------
    InvalidName
        If it is another text, or negative.

    Examples
    --------
    >>> seconds("1,5"), seconds("0:01:02.5"), seconds("0 days 00:00:01"), seconds("")
    (1.5, 62.5, 1.0, None)
    """
    if text.casefold() in NOTHING:
        return None
    try:
        value = float(text)
    except ValueError:
        found = CLOCK.fullmatch(text)
        value = math.nan
        if found is not None:
            days, hours, minutes = (int(found[name] or 0) for name in ("days", "h", "m"))
            value = float(found["s"].replace(",", ".")) + 60 * (minutes + 60 * (hours + 24 * days))
    if not 0 <= value < math.inf:
        raise InvalidName(f"{text!r} is no time", "write seconds, as 12.5")
    return value
