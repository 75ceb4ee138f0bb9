"""Recordings in the cells of a Parquet file, as the datasets library of Hugging Face stores them.

Their paths go on below the file, `train.parquet/audio/0017_a.wav`: the column, then the number of the row (1 is the
first), and the name that the recording had. The bytes are read from the file each time; nothing is unpacked.
"""

import re
import threading
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ser.audio.invalid import InvalidAudio, Kind

SUFFIXES = (".parquet", ".pq")
MAX_GROUP = 2**30  # bytes of the cells of a group of rows, which are read at once; datasets writes 100 rows a group
BUFFER = 2**20  # bytes; without it, the compressed group would be held as a whole, too
NAME = re.compile(r"(?P<row>\d{1,12})(?:_.*)?", re.DOTALL)

_last = threading.local()  # of each thread: the group of rows that was read last


class Cell(NamedTuple):
    """Place of a recording in a Parquet file.

    Examples
    --------
    >>> Cell(Path("train.parquet"), "audio", 17).column
    'audio'
    """

    file: Path
    column: str
    row: int
    """1 is the first."""


def path_of(cell: Cell, name: str, *, n_rows: int) -> PurePosixPath:
    """Path of a cell; rows have as many digits as the last one needs, so that names are in the order of rows.

    Parameters
    ----------
    name
        Name of the recording, or its path on the machine that stored it; may be empty.

    Examples
    --------
    >>> path_of(Cell(Path("train.parquet"), "audio", 17), "C:\\\\mine\\\\a.wav", n_rows=1440)
    PurePosixPath('train.parquet/audio/0017_a.wav')
    """
    base = PurePosixPath(name.replace("\\", "/").replace("\0", "")).name
    number = f"{cell.row:0{len(str(n_rows))}}"
    return PurePosixPath(cell.file.as_posix(), cell.column, f"{number}_{base}" if base else number)


def found(path: Path) -> Cell | None:
    """Cell that a path leads to; None for any other path.

    Examples
    --------
    >>> print(found(Path("a.wav")))
    None
    """
    file = path.parent.parent
    if file.suffix.lower() not in SUFFIXES or (name := NAME.fullmatch(path.name)) is None or not file.is_file():
        return None
    return Cell(file, path.parent.name, int(name["row"]))


def file_of(path: Path) -> Path:
    """File that has the bytes of a recording: that of its cell, or itself.

    Examples
    --------
    >>> file_of(Path("a.wav"))
    PosixPath('a.wav')
    """
    cell = found(path)
    return path if cell is None else cell.file


def content(cell: Cell) -> bytes:
    """Bytes of the recording in a cell; none if it is empty.

    Raises
    ------
    InvalidAudio
        If the file is not Parquet, has no such cell, or has too large groups of rows.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "train.parquet")
    ...     pd.DataFrame({"audio": [b"RIFF"]}).to_parquet(path)
    ...     content(Cell(path, "audio", 1))
    b'RIFF'
    """
    import pyarrow as arrow  # no library of the core

    facts = cell.file.stat()
    key = cell.file, facts.st_size, facts.st_mtime_ns, cell.column
    try:
        if getattr(_last, "key", None) != key or cell.row not in _last.rows:
            _last.key = _last.values = None  # frees the memory before the next group is read
            _last.rows, _last.values = _group(cell)
            arrow.default_memory_pool().release_unused()  # three times as much, which the pool would keep
            _last.key = key
    except (arrow.ArrowException, OSError) as error:
        raise InvalidAudio(Kind.NOT_AUDIO, f"not readable in {cell.file.name} ({error})") from None
    return bytes(_last.values[_last.rows.index(cell.row)].as_py() or b"")


def _group(cell: Cell) -> tuple[range, Any]:
    """Rows of the group that has a cell, and their values."""
    from pyarrow import parquet

    with parquet.ParquetFile(cell.file, buffer_size=BUFFER, pre_buffer=False) as file:
        columns, start = _columns(file, cell), 1
        for k in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(k)
            rows = range(start, start + group.num_rows)
            if cell.row in rows:
                size = sum(group.column(number).total_uncompressed_size for number in columns)
                if size > MAX_GROUP:
                    reason = f"row {cell.row} of {cell.file.name} is in a group of rows of {size >> 20} MiB"
                    remedy = f"write the file anew with groups of at most {MAX_GROUP >> 20} MiB"
                    raise InvalidAudio(Kind.TOO_LONG, reason, remedy)
                table = file.read_row_group(k, [columns[number] for number in columns], use_threads=False)
                column = table.column(0)
                values = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()  # the latter copies
                return rows, values.field("bytes") if values.type.num_fields else values
            start = rows.stop
    raise InvalidAudio(Kind.NOT_AUDIO, f"{cell.file.name} has {start - 1} rows, so no row {cell.row}", "mend the path")


def _columns(file: Any, cell: Cell) -> dict[int, str]:
    """Number and name of the column of bytes, as the Parquet file counts them."""
    wanted = cell.column, f"{cell.column}.bytes"
    found = {k: file.schema.column(k).path for k in range(len(file.schema)) if file.schema.column(k).path in wanted}
    if not found:
        raise InvalidAudio(Kind.NOT_AUDIO, f"{cell.file.name} has no recordings in a column {cell.column}", "mend it")
    return found
