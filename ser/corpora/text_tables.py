"""Tables in text, as spreadsheets and editors of any country write them."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

DELIMITERS = (",", ";", "\t", "|")
STATED = "sep="  # at the beginning of Excel's own first line, which is no row


class Line(NamedTuple):
    """A line of a table that is not empty.

    Examples
    --------
    >>> Line(number=2, row=2, cells=["a.wav", "happy"]).cells[1]
    'happy'
    """

    number: int
    """Line of the file on which it ends."""
    row: int
    """Row of a spreadsheet: a cell may have several lines."""
    cells: list[str]
    """Without spaces around them."""


def lines(table: Path) -> Iterator[Line]:
    """Lines of a table that are not empty; the first one has the names of the columns.

    The text is UTF-8, UTF-16 or Windows-1252; commas, semicolons, tabs or bars are between the cells. A first line such
    as `sep=;` states which.

    Raises
    ------
    ValueError
        If the text cannot be read, or different characters may be between its cells.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "list.csv")
    ...     _ = path.write_text("file;emotion\\n\\na.wav; happy\\n")
    ...     [(line.row, line.cells) for line in lines(path)]
    [(1, ['file', 'emotion']), (3, ['a.wav', 'happy'])]
    """
    content, skipped = text(table), 0
    delimiter = ""
    if content[: len(STATED)].lower() == STATED:
        delimiter, content, skipped = content[len(STATED) :][:1], content.partition("\n")[2], 1
    try:
        reader = _reader(content, delimiter if delimiter in DELIMITERS else _delimiter(content))
    except ValueError as error:
        raise ValueError(f"{table} {error}") from None
    try:
        for row, cells in enumerate(reader, start=1):
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield Line(reader.line_num + skipped, row, stripped)
    except csv.Error as error:
        raise ValueError(f"{table}, line {reader.line_num + skipped}: {error}; mend its quotes") from None


def _reader(content: str, delimiter: str) -> Any:
    return csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)


def _delimiter(content: str) -> str:
    """The delimiter with which most rows have as many cells as the header; of several, that of the longest header.

    Any of them may be part of a name or a value, as in `path,emotion (sad|happy)`.
    """
    headers = {one: cells for one in DELIMITERS if len(cells := _cells(content, one, first=True)[0]) > 1}
    if len(headers) < 2:
        return next(iter(headers), DELIMITERS[0])
    scores: dict[tuple[int, int], list[str]] = {}
    for one, header in headers.items():
        n_alike = sum(len(cells) == len(header) for cells in _cells(content, one))
        scores.setdefault((n_alike, len(header)), []).append(one)
    best, *others = scores[max(scores)]
    if others:
        ways = " or ".join(f"{', '.join(map(repr, headers[one]))} (by {one!r})" for one in (best, *others))
        raise ValueError(
            f"has a header of the columns {ways}; write one delimiter between all columns, and names that have it in"
            f" double quotes, or state it in a line above: {STATED}{best}"
        )
    return best


def _cells(content: str, delimiter: str, *, first: bool = False) -> list[list[str]]:
    """Cells of all lines that are not empty, or of the first one; no cells if quotes end elsewhere than cells."""
    reader = _reader(content, delimiter)
    try:
        found = (cells for cells in reader if any(cell.strip() for cell in cells))
        return [next(found, [])] if first else list(found)
    except csv.Error:
        return [[]]


def text(table: Path) -> str:
    """Text of a file in UTF-8, UTF-16 or Windows-1252.

    Raises
    ------
    ValueError
        If it is in another encoding.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "list.csv")
    ...     _ = path.write_bytes("Müller".encode("cp1252"))
    ...     text(path)
    'Müller'
    """
    content = table.read_bytes()
    encodings = ["utf-8-sig", "cp1252"]
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\0" in content[:2]:
        encodings = ["utf-16-be" if content[0] == 0 else "utf-16-le"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError(f"{table} is neither UTF-8, UTF-16 nor Windows-1252 text; save it as CSV in UTF-8")
