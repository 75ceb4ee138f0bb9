"""Rows of a table of a list as text, whatever its format: csv, JSON lines, Parquet, audformat."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ser.audio.cells import SUFFIXES as PARQUET
from ser.core import bounds
from ser.corpora import text_tables
from ser.ingest.lists.parts import HEADER, LINES


class Row(NamedTuple):
    """Place of a row in a list.

    Examples
    --------
    >>> print(Row(2), "and", Row(2, "test/metadata.csv"))
    2 and 2 of test/metadata.csv
    """

    number: int
    """As a spreadsheet or an editor shows it (of Parquet: 1 is the first)."""
    part: str = ""
    """Name of its table; empty if the list is one table."""

    def __str__(self) -> str:
        return f"{self.number} of {self.part}" if self.part else str(self.number)


def where(path: Path, rows: Sequence[Row]) -> str:
    """Name of a list, or of its tables, and rows.

    Examples
    --------
    >>> where(Path("my.csv"), [Row(2), Row(5)])
    'my.csv, rows 2, 5'
    """
    numbers: dict[str, list[str]] = {}
    for row in rows:
        numbers.setdefault(row.part or path.name, []).append(str(row.number))
    return " and ".join(
        f"{name}, {'row' if len(some) == 1 else 'rows'} {', '.join(some)}" for name, some in numbers.items()
    )


@dataclass(frozen=True)
class Listing:
    """A table of a list.

    Examples
    --------
    >>> Listing(Path("my.csv"), ["file", "emotion"], [(2, {"file": "a.wav", "emotion": "happy"})]).columns
    ['file', 'emotion']
    """

    path: Path
    columns: list[str]
    rows: list[tuple[int, Mapping[str, str]]]
    """Number of the row; column -> text, empty where there is no value."""
    audio: str | None = None
    """The column that has the recordings themselves, if there is one."""


def read(path: Path, emotion: str | None = None) -> Listing:
    """Read a table of a list.

    Parameters
    ----------
    emotion
        Column of the emotion, by which the tables of a database are chosen; None: by its common names.

    Raises
    ------
    ValueError
        If it cannot be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "my.jsonl")
    ...     _ = path.write_text('{"file": "a.wav", "emotion": "sad", "start": 1.5}')
    ...     read(path).rows
    [(1, {'file': 'a.wav', 'emotion': 'sad', 'start': '1.5'})]
    """
    suffix = path.suffix.lower()
    reader: Callable[[Path], Listing] = _of_text
    if path.name == HEADER:
        reader = partial(_of_database, emotion=emotion)
    elif suffix in LINES:
        reader = _of_lines
    elif suffix in PARQUET:
        reader = _of_parquet
    try:
        return reader(path)
    except OSError as error:
        raise ValueError(f"{path} cannot be opened ({error.strerror or error}); is corpus.list right?") from None


def _of_text(path: Path) -> Listing:
    lines = text_tables.lines(path)
    columns = next(lines, text_tables.Line(0, 0, [])).cells
    return Listing(path, columns, [(line.row, _cells(columns, line.cells)) for line in lines])


def _cells(columns: list[str], cells: list[str]) -> dict[str, str]:
    named = dict(zip(columns, [*cells, *[""] * len(columns)], strict=False))
    return named | ({EXTRA: ", ".join(cells[len(columns) :])} if any(cells[len(columns) :]) else {})


EXTRA = ""
"""Name of the column of cells that no column has."""


def _of_lines(path: Path) -> Listing:
    rows: list[tuple[int, Mapping[str, str]]] = []
    for number, line in enumerate(text_tables.text(path).split("\n"), start=1):  # a text may have other ends of lines
        if not line.strip():
            continue
        try:
            values = bounds.parsed(line, f"{path}, line {number},")
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}, line {number} is not JSON ({error.msg}); write one object a line") from None
        if not isinstance(values, dict):
            raise ValueError(f'{path}, line {number} is no object; write one a line: {{"file": "a.wav", …}}')
        rows.append((number, {_whole(name): _whole(_text(value)) for name, value in values.items()}))
    columns = list(dict.fromkeys(name for _, values in rows for name in values))
    return Listing(path, columns, [(number, dict.fromkeys(columns, "") | dict(values)) for number, values in rows])


def _of_parquet(path: Path) -> Listing:
    from ser.ingest.lists import parquet_tables

    table = parquet_tables.read(path)
    rows: list[tuple[int, Mapping[str, str]]] = []
    for number, row in enumerate(table.rows, start=1):
        rows.append((number, {name: _text(value) for name, value in row.items()}))
    return Listing(path, table.columns, rows, table.audio)


def _of_database(path: Path, *, emotion: str | None) -> Listing:
    from ser.ingest.lists import databases

    rows = [{name: _text(value) for name, value in row.items()} for row in databases.rows(path, emotion)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    numbered = enumerate((dict.fromkeys(columns, "") | row for row in rows), start=1)
    return Listing(path, [name for name in columns if any(row.get(name) for row in rows)], list(numbered))


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value).strip()  # NaN differs from itself


def _whole(text: str) -> str:
    """Text that can be written: an escape of JSON may stand for half a character, as where a program cut a text."""
    return text.encode("utf-8", "replace").decode()
