"""Read and write tables in parts, as csv (readable) or Parquet (for large tables); the suffix of the file decides."""

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as arrow
import pyarrow.csv
import pyarrow.parquet

from ser.core import files
from ser.core.table_suffixes import PARQUET

ROW_GROUP = 4096  # rows
# Bytes that are parsed together where a csv is read whole. Of 1,536 columns, Arrow's own 1 MiB has 60 rows, and takes
# twice as long. In parts, such blocks would take more memory than the parts.
BLOCK = arrow.csv.ReadOptions(block_size=1 << 24)

Types = Callable[[str], arrow.DataType]
"""Function from the name of a column to its type."""


class Writer(Protocol):
    """Function that appends rows to an open table.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with writing(Path(folder, "rms.csv"), lambda column: arrow.float32()) as write:  # a Writer
    ...         write(pd.DataFrame({"rms": [0.25]}))
    ...         write(pd.DataFrame({"rms": [0.5]}))
    ...     Path(folder, "rms.csv").read_text().split()
    ['rms', '0.25', '0.5']
    """

    def __call__(self, rows: pd.DataFrame) -> None:
        """Append `rows`; every call needs the same columns."""


@contextmanager
def writing(path: Path, types: Types) -> Iterator[Writer]:
    """Write a table in parts; the file appears when the block ends without an error.

    In a csv, floats have the fewest digits that read back as the same number, missing values are empty, and lines end
    in `\\n`. The bytes do not depend on the sizes of the parts.

    Raises
    ------
    ValueError
        If a part has other columns than the first, or has them in another order.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "rms.csv")
    ...     with writing(path, lambda column: arrow.float32()) as write:
    ...         write(pd.DataFrame({"rms": [0.25, 0.5]}))
    ...     path.read_text().split()
    ['rms', '0.25', '0.5']
    """
    kind = _writing_parquet if path.suffix == PARQUET else _writing_csv
    wanted: list[Any] = []

    def checked(rows: pd.DataFrame) -> None:
        wanted[:] = wanted or rows.columns
        for found, first in zip_longest(rows.columns, wanted):
            if found != first:
                raise ValueError(f"a part of {path.name} has the column {found}, where the first part has {first}")
        write(rows)

    with files.replacing(path) as temporary, kind(temporary, types) as write:
        yield checked


@contextmanager
def _writing_csv(path: Path, types: Types) -> Iterator[Writer]:
    with path.open("w", encoding="utf-8", newline="") as file:

        def write(rows: pd.DataFrame) -> None:
            _check_lines(rows)
            rows.to_csv(file, index=False, header=file.tell() == 0, lineterminator="\n")

        yield write


def _check_lines(rows: pd.DataFrame) -> None:
    """Check that texts are lines: pandas does not quote a carriage return, and Arrow ends blocks at any break."""
    for column, values in rows.select_dtypes(["object", "string"]).items():
        for value in values:
            if isinstance(value, str) and files.has_line_break(value):
                raise ValueError(f"{column} is {value!r}; wanted a text of one line: remove the line break")


@contextmanager
def _writing_parquet(path: Path, types: Types) -> Iterator[Writer]:
    waiting = RowBuffer()
    with path.open("wb") as file, ExitStack() as stack:
        writer: arrow.parquet.ParquetWriter | None = None

        def write(rows: pd.DataFrame) -> None:
            nonlocal writer
            schema = _schema(rows.columns, types)
            writer = writer or stack.enter_context(arrow.parquet.ParquetWriter(file, schema, **_layout(schema)))
            table = arrow.Table.from_pandas(rows, schema=schema, preserve_index=False)
            waiting.add(table.replace_schema_metadata())
            for group in waiting.take(ROW_GROUP):
                writer.write_table(group)

        yield write
        for group in waiting.rest():
            assert writer is not None
            writer.write_table(group)


def _layout(schema: arrow.Schema) -> dict[str, Any]:
    """Options for the file: dictionaries for text columns, which repeat values; byte streams split for floats."""
    texts = [column.name for column in schema if arrow.types.is_string(column.type)]
    floats = [column.name for column in schema if arrow.types.is_floating(column.type)]
    return {"compression": "zstd", "use_dictionary": texts, "use_byte_stream_split": floats}


class RowBuffer:
    """Rows that are added in parts of any size and taken out in parts of a fixed size.

    Examples
    --------
    >>> buffer = RowBuffer()
    >>> for values in ([1, 2, 3], [4, 5]):
    ...     buffer.add(arrow.table({"a": values}))
    >>> [part["a"].to_pylist() for part in buffer.take(2)]
    [[1, 2], [3, 4]]
    >>> [part["a"].to_pylist() for part in buffer.rest()]
    [[5]]
    """

    def __init__(self) -> None:
        self._batches: list[arrow.RecordBatch] = []
        self._n_rows = 0

    def add(self, rows: arrow.Table | arrow.RecordBatch) -> None:
        """Append rows; all of them need the same columns."""
        self._batches += rows.to_batches() if isinstance(rows, arrow.Table) else [rows]
        self._n_rows += rows.num_rows

    def take(self, n_rows: int) -> Iterator[arrow.Table]:
        """Remove and yield parts of exactly `n_rows`, as long as there are enough rows."""
        while self._n_rows >= n_rows:
            table = arrow.Table.from_batches(self._batches)
            yield table[:n_rows].combine_chunks()
            self._batches, self._n_rows = table[n_rows:].to_batches(), table.num_rows - n_rows

    def rest(self) -> Iterator[arrow.Table]:
        """Yield the remaining rows as one part, if there are any."""
        if self._n_rows:
            yield arrow.Table.from_batches(self._batches).combine_chunks()


def columns(path: Path) -> list[str]:
    """Names of the columns.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    pyarrow.ArrowInvalid
        If the file is not a table.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "rms.csv")
    ...     _ = path.write_text("utterance,rms\\na,0.25\\n")
    ...     columns(path)
    ['utterance', 'rms']
    """
    _check_exists(path)
    if path.suffix == PARQUET:
        return list(arrow.parquet.read_schema(path).names)
    with path.open(encoding="utf-8", newline="") as file:
        try:
            return next(csv.reader(file, strict=True), [])
        except csv.Error as error:
            raise arrow.ArrowInvalid(str(error)) from None


def _check_exists(path: Path) -> None:
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist; make it with: dvc repro")


def read(path: Path, types: Types) -> pd.DataFrame:
    """Read a whole table.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    pyarrow.ArrowInvalid
        If the file is not a table, or a column has the wrong type.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "rms.csv")
    ...     _ = path.write_text("rms\\n0.25\\n0.5\\n")
    ...     read(path, lambda column: arrow.float32())["rms"].tolist()
    [0.25, 0.5]
    """
    if path.suffix == PARQUET:
        with _opened(path, types) as file:
            table = file.read()
    else:
        table = arrow.csv.read_csv(path, read_options=BLOCK, convert_options=_conversion(path, types))
    return _as_pandas(table)


def parts(path: Path, types: Types, *, n_rows: int) -> Iterator[pd.DataFrame]:
    """Read a table in parts of `n_rows`; the last part may be shorter.

    Raises
    ------
    FileNotFoundError, pyarrow.ArrowInvalid
        For the same reasons as `read`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "fold.csv")
    ...     _ = path.write_text("fold\\n0\\n1\\n2\\n")
    ...     [part["fold"].tolist() for part in parts(path, lambda column: arrow.int64(), n_rows=2)]
    [[0, 1], [2]]
    """
    waiting = RowBuffer()
    for batch in _batches(path, types, n_rows=n_rows):
        waiting.add(batch)
        for table in waiting.take(n_rows):
            yield _as_pandas(table)
    for table in waiting.rest():
        yield _as_pandas(table)


def _batches(path: Path, types: Types, *, n_rows: int) -> Iterator[arrow.RecordBatch]:
    if path.suffix == PARQUET:
        with _opened(path, types) as file:
            for group in range(file.num_row_groups):  # pyarrow keeps several groups in memory if it reads them together
                yield from file.iter_batches(batch_size=n_rows, row_groups=[group])
    else:
        with arrow.csv.open_csv(path, convert_options=_conversion(path, types)) as file:
            yield from file


@contextmanager
def _opened(path: Path, types: Types) -> Iterator[arrow.parquet.ParquetFile]:
    _check_exists(path)
    with arrow.parquet.ParquetFile(path) as file:
        found, wanted = file.schema_arrow, _schema(file.schema_arrow.names, types)
        for own, other in zip(found, wanted, strict=True):
            if own.type != other.type:
                raise arrow.ArrowInvalid(f"column {own.name} has type {own.type}, wanted {other.type}")
        yield file


def _as_pandas(table: arrow.Table) -> pd.DataFrame:
    rows: pd.DataFrame = table.to_pandas(self_destruct=True)  # otherwise memory holds the table twice
    return rows


def _conversion(path: Path, types: Types) -> arrow.csv.ConvertOptions:
    return arrow.csv.ConvertOptions(
        column_types=_schema(columns(path), types), strings_can_be_null=True, null_values=[""]
    )


def _schema(names: Iterable[Any], types: Types) -> arrow.Schema:
    return arrow.schema([(name, types(name)) for name in names])
