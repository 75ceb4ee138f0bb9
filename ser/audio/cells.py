"""Recordings in the cells of a Parquet file, as the datasets library of Hugging Face stores them.

Their paths go on below the file, `train.parquet/audio/0017_a.wav`: the column, then the number of the row (1 is the
first), and the name that the recording had. The bytes are read from the file each time; nothing is unpacked.
"""

import re
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ser.audio.invalid import InvalidAudio, Kind

SUFFIXES = (".parquet", ".pq")
MAX_GROUP = 2**30  # bytes of the cells of a group of rows in the file; datasets writes 100 rows a group
SPARE = 2**26  # bytes that are kept of cells beyond the size of their group in the file
OVERHEAD = 64  # bytes of memory that a kept cell takes besides its own
BUFFER = 2**20  # bytes; without it, the compressed group would be held as a whole, too
NAME = re.compile(r"(?P<row>\d{1,12})(?:_.*)?", re.DOTALL)

_last = threading.local()  # of each thread: what was read last of a group of rows


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
    if file.suffix.lower() not in SUFFIXES or (name := NAME.fullmatch(path.name)) is None or not _is_file(file):
        return None
    return Cell(file, path.parent.name, int(name["row"]))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


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
        If the file is not Parquet, has no such cell of bytes, or has too large groups of rows.

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
        if getattr(_last, "key", None) != key or not 0 <= cell.row - _last.first < len(_last.values):
            _last.key = _last.values = None  # frees the memory before the next group is read
            _last.first, _last.values = _read(cell)
            arrow.default_memory_pool().release_unused()  # three times as much, which the pool would keep
            _last.key = key
    except (arrow.ArrowException, OSError) as error:
        raise InvalidAudio(Kind.NOT_AUDIO, f"not readable in {cell.file.name} ({error})") from None
    found: bytes = _last.values[cell.row - _last.first]
    return found


def _read(cell: Cell) -> tuple[int, list[bytes]]:
    """First row that is kept, and the recordings from there on: of the group of rows that has a cell, or of a part.

    The rows are decoded one by one, because many may share one value of the file. What is kept has the size of the
    group in the file and `SPARE`: all of a group in which each row has its own bytes.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(cell.file, buffer_size=BUFFER, pre_buffer=False) as file:
        number, start = _column(file, cell), 1
        for k in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(k)
            if start <= cell.row < start + group.num_rows:
                if (size := group.column(number).total_uncompressed_size) > MAX_GROUP:
                    reason = f"row {cell.row} of {cell.file.name} is in a group of rows of {size >> 20} MiB"
                    remedy = f"write the file anew with groups of at most {MAX_GROUP >> 20} MiB"
                    raise InvalidAudio(Kind.TOO_LONG, reason, remedy)
                names = [file.schema.column(number).path]
                batches = file.iter_batches(1, row_groups=[k], columns=names, use_threads=False)
                values = (_bytes(batch.column(0)) for batch in batches)
                return _neighbours(values, start, cell.row, size + SPARE)
            start += group.num_rows
    raise InvalidAudio(Kind.NOT_AUDIO, f"{cell.file.name} has {start - 1} rows, so no row {cell.row}", "mend the path")


def _neighbours(values: Iterator[bytes], start: int, row: int, limit: int) -> tuple[int, list[bytes]]:
    """First row that is kept, and the values from there on: `row`, and as many beside it as `limit` bytes hold."""
    kept: deque[bytes] = deque()
    size, k = 0, start - 1
    for k, value in enumerate(values, start):
        kept.append(value)
        size += len(value) + OVERHEAD
        while size > limit and k - len(kept) + 1 < min(row, k):
            size -= len(kept.popleft()) + OVERHEAD
        if size > limit and k >= row:
            break
    if k < row:
        raise InvalidAudio(Kind.NOT_AUDIO, f"row {row} is not in the file, although its index counts it")
    return k - len(kept) + 1, list(kept)


def _bytes(values: Any) -> bytes:
    """Bytes of a column of one row; a structure has no other field, because no other one is read."""
    while values.type.num_fields:
        values = values.field(0)
    return values[0].as_py() or b""


def _column(file: Any, cell: Cell) -> int:
    """Number of the column of bytes, as the Parquet file counts them."""
    wanted = cell.column, f"{cell.column}.bytes"
    columns = [file.schema.column(k) for k in range(len(file.schema))]
    found = next((k for k, column in enumerate(columns) if column.path in wanted), None)
    if found is None:
        reason = f"{cell.file.name} has no recordings in a column {cell.column}"
        raise InvalidAudio(Kind.NOT_AUDIO, reason, "mend the path")
    one = columns[found]
    kind = one.physical_type if one.logical_type.type == "NONE" else one.logical_type.type
    kind = "lists" if one.max_repetition_level else kind
    if kind != "BYTE_ARRAY":
        reason = f"column {one.path} of {cell.file.name} holds {kind}, no bytes"
        raise InvalidAudio(Kind.NOT_AUDIO, reason, "name the column that has the recordings")
    return found
