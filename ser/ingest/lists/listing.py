"""Rows of a list as text, whatever its format: csv, JSON lines, Parquet, audformat."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ser.core import bounds
from ser.corpora import text_tables

NAMES = ("metadata", "list")  # of the list in a folder; the first one is that of Hugging Face's audio folders
TEXT, LINES, PARQUET = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson"), (".parquet", ".pq")
SUFFIXES = (*TEXT, *LINES, *PARQUET)
HEADER = "db.yaml"  # of a database in audformat
OTHER_TABLES = ("speakers.csv",)  # in the folder of a corpus


@dataclass(frozen=True)
class Listing:
    """A list.

    Examples
    --------
    >>> listing = Listing(Path("my.csv"), ["file", "emotion"], [(2, {"file": "a.wav", "emotion": "happy"})])
    >>> listing.where(2)
    'my.csv, row 2'
    """

    path: Path
    columns: list[str]
    rows: list[tuple[int, Mapping[str, str]]]
    """Number of the row as a spreadsheet or an editor shows it (of Parquet: 1 is the first); column -> text, empty
    where there is no value."""

    def where(self, *rows: int) -> str:
        """Name of the list, and rows."""
        return f"{self.path.name}, {'row' if len(rows) == 1 else 'rows'} {', '.join(map(str, rows))}"


def read(path: Path, emotion: str | None = None) -> Listing:
    """Read the list in a file.

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
    for number, line in enumerate(text_tables.text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = bounds.parsed(line, f"{path}, line {number},")
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}, line {number} is not JSON ({error.msg}); write one object a line") from None
        if not isinstance(values, dict):
            raise ValueError(f'{path}, line {number} is no object; write one a line: {{"file": "a.wav", …}}')
        rows.append((number, {name: _text(value) for name, value in values.items()}))
    columns = list(dict.fromkeys(name for _, values in rows for name in values))
    return Listing(path, columns, [(number, dict.fromkeys(columns, "") | dict(values)) for number, values in rows])


def _of_parquet(path: Path) -> Listing:
    import pyarrow as arrow  # which takes a quarter of the start of a command, and is no library of the core
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except arrow.ArrowException as error:
        raise ValueError(f"{path} is not a Parquet file ({error})") from None
    columns = [name for name in table.column_names if not name.startswith("__index_level_")]
    values = [map(_text, table[name].to_pylist()) for name in columns]
    rows = enumerate(zip(*values, strict=True), start=1)
    return Listing(path, columns, [(number, dict(zip(columns, row, strict=True))) for number, row in rows])


def _of_database(path: Path, *, emotion: str | None) -> Listing:
    from ser.ingest.lists import databases

    rows = [{name: _text(value) for name, value in row.items()} for row in databases.rows(path, emotion)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    numbered = enumerate((dict.fromkeys(columns, "") | row for row in rows), start=1)
    return Listing(path, [name for name in columns if any(row.get(name) for row in rows)], list(numbered))


def _text(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("path"), str):  # audio of Hugging Face
        return str(value["path"])
    return "" if value is None or value != value else str(value).strip()  # NaN differs from itself


def is_in(folder: Path) -> bool:
    """True if there is one list in a folder.

    Examples
    --------
    >>> is_in(Path("no_such_folder"))
    False
    """
    try:
        return found(folder).is_file()
    except ValueError:
        return False


def found(path: Path) -> Path:
    """File of the list at `path`, which may be its folder.

    Raises
    ------
    ValueError
        If there is none, or there are several.

    Examples
    --------
    >>> found(Path("no_such_list.csv"))
    Traceback (most recent call last):
    ValueError: no list at no_such_list.csv; name it: -S corpus.list=/path/to/list.csv
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise ValueError(f"no list at {path}; name it: -S corpus.list=/path/to/list.csv")
    usual = [*(f"{name}{suffix}" for name in NAMES for suffix in SUFFIXES), HEADER]
    if (name := next((name for name in usual if (path / name).is_file()), None)) is not None:
        return path / name
    tables = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES and one.name not in OTHER_TABLES)
    if len(tables) != 1:
        names = f"several tables ({', '.join(one.name for one in tables)})" if tables else "no table"
        raise ValueError(f"{path} has {names}, wanted one list; name it: -S corpus.list=/path/to/list.csv")
    return tables[0]
