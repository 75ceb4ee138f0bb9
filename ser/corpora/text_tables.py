"""Tables in text, as spreadsheets and editors of any country write them."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DELIMITERS = (",", ";", "\t", "|")


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

    The text is UTF-8, UTF-16 or Windows-1252; commas, semicolons, tabs or bars are between the cells.

    Raises
    ------
    ValueError
        If the text cannot be read.

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
    if content[:4].lower() == "sep=":  # Excel's own first line, which is no row
        content, skipped = content.partition("\n")[2], 1
    header = content.lstrip().partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for row, cells in enumerate(reader, start=1):
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield Line(reader.line_num + skipped, row, stripped)
    except csv.Error as error:
        raise ValueError(f"{table}, line {reader.line_num + skipped}: {error}; mend its quotes") from None


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
