"""Tables in Parquet, also those of the datasets library of Hugging Face, which has recordings and classes in cells.

Only what a list may need is read: plain values, and the paths of recordings, never their bytes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ser.audio import cells
from ser.core import bounds

MAX_ROWS = 2**20
MAX_SIZE = 2**30  # bytes of memory of the values that are read; a few bytes of a file can stand for millions of rows
CELL = 64  # bytes of memory that a value takes besides its text
BATCH = 2**28  # bytes that are decoded at once
MAX_BATCH = 2**14  # rows
PARTS = "divide it into several, as train-00000-of-00002.parquet and train-00001-of-00002.parquet"

Features = Mapping[str, Mapping[str, Any]]
"""Column -> what Hugging Face's library states about it."""


class Table(NamedTuple):
    """Table of a list.

    Examples
    --------
    >>> Table(["file"], iter([]), None).columns
    ['file']
    """

    columns: list[str]
    rows: Iterator[dict[str, Any]]
    """Values of the columns that are read."""
    audio: str | None
    """The column that has the recordings themselves, if there is one."""


def read(path: Path) -> Table:
    """Columns and rows of a table; cells that have a recording become the paths that lead to them.

    Raises
    ------
    ValueError
        If it is no Parquet file, or exceeds `MAX_ROWS` or `MAX_SIZE`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> with TemporaryDirectory() as folder:
    ...     pd.DataFrame({"file": ["a.wav"], "label": ["sad"]}).to_parquet(Path(folder, "my.parquet"))
    ...     list(read(Path(folder, "my.parquet")).rows)
    [{'file': 'a.wav', 'label': 'sad'}]
    """
    import pyarrow as arrow  # which takes a quarter of the start of a command, and is no library of the core
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema, n_rows = file.schema_arrow, _n_rows(file, path)
            features = _features(schema.metadata or {}, path)
            names = [name for name in schema.names if not name.startswith("__index_level_")]
            plain = [name for name in names if not _is_heavy(schema.field(name).type)]
            audio = [name for name in names if _is_audio(schema.field(name).type, features.get(name, {}))]
            stored = [name for name in audio if _has_bytes(file, name)]
            named = {name: f"{name}.path" for name in audio if arrow.types.is_struct(schema.field(name).type)}
            table = _values(file, {name: name for name in plain} | named, CELL * n_rows * len(audio), path)
    except (arrow.ArrowException, OSError) as error:
        raise ValueError(f"{path} is not a Parquet file ({error})") from None
    values = {name: _with_classes(table[name], features.get(name, {})) for name in plain if name in table}
    for name in audio:
        paths = [one if isinstance(one, str) else "" for one in table.get(name, [None] * n_rows)]
        values[name] = _cells(path, name, paths) if name in stored else paths
    rows = (dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True))
    return Table(names, rows, stored[0] if len(stored) == 1 else None)


def _n_rows(file: Any, path: Path) -> int:
    """Number of rows of a table whose columns have different names."""
    names, n_rows = file.schema_arrow.names, file.metadata.num_rows
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{path} has more than one column {twice[0]}; give each one another name")
    if n_rows > MAX_ROWS:
        raise ValueError(f"{path} has {n_rows} rows; the limit of a table is {MAX_ROWS}, so {PARTS}")
    return int(n_rows)


def _values(file: Any, leaves: Mapping[str, str], used: int, path: Path) -> dict[str, list[Any]]:
    """Values of plain columns, of which `leaves` has the paths in the file; `used` bytes of memory are taken by others.

    All rows may share one long value of the file, but no value is longer than its group of rows. So a few rows at a
    time decode to a bounded size.
    """
    wanted = set(leaves.values())
    numbers = [k for k in range(len(file.schema)) if file.schema.column(k).path in wanted]
    names = [file.schema.column(k).path for k in numbers]
    values: dict[str, list[Any]] = {name: [] for name, leaf in leaves.items() if leaf in names}
    for k in range(file.metadata.num_row_groups):
        size = sum(file.metadata.row_group(k).column(number).total_uncompressed_size for number in numbers)
        _check_size(used + size, path)
        n_rows = max(1, min(MAX_BATCH, BATCH // max(1, size)))
        for batch in file.iter_batches(n_rows, row_groups=[k], columns=names, use_threads=False):
            for name in values:
                column = batch.column(name)
                some = (column.field(0) if column.type.num_fields else column).to_pylist()
                used += sum(CELL + (len(one) if isinstance(one, str | bytes) else 0) for one in some)
                values[name] += some
            _check_size(used, path)
    return values


def _check_size(size: int, path: Path) -> None:
    if size > MAX_SIZE:
        raise ValueError(
            f"{path} has values of more than {MAX_SIZE >> 20} MiB besides its recordings, which is the limit; leave out"
            f" the columns that no role needs, or {PARTS}"
        )


def _cells(path: Path, column: str, names: Sequence[str]) -> list[str]:
    """Paths of the recordings in a column, which have these names."""
    file = Path(path.name)
    numbered = enumerate(names, start=1)
    return [str(cells.path_of(cells.Cell(file, column, row), name, n_rows=len(names))) for row, name in numbered]


def _is_audio(kind: Any, feature: Mapping[str, Any]) -> bool:
    """True for bytes, alone or with the path that they had, unless they are of another feature, such as `Image`."""
    from pyarrow import types

    is_pair = types.is_struct(kind) and {kind.field(k).name for k in range(kind.num_fields)} == {"bytes", "path"}
    return feature.get("_type", "Audio") == "Audio" and (is_pair or _is_binary(kind))


def _is_binary(kind: Any) -> bool:
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind))


def _is_heavy(kind: Any) -> bool:
    """True for values that are no text of a list: recordings, waveforms, pictures."""
    from pyarrow import types

    return bool(types.is_nested(kind) or _is_binary(kind))


def _has_bytes(file: Any, column: str) -> bool:
    """False if the statistics state that all cells are without bytes, as where recordings lie beside the table."""
    numbers = [k for k in range(len(file.schema)) if file.schema.column(k).path in (column, f"{column}.bytes")]
    for k in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(k)
        facts = [group.column(number).statistics for number in numbers]
        if not all(one is not None and one.has_null_count and one.null_count == group.num_rows for one in facts):
            return True
    return False


def _features(metadata: Mapping[bytes, bytes], path: Path) -> Features:
    """Features that the schema states for Hugging Face's library; none if another program wrote the table."""
    try:
        known = bounds.parsed(metadata.get(b"huggingface", b"{}").decode(), f"the features of {path}")
        return {name: facts for name, facts in known["info"]["features"].items() if isinstance(facts, dict)}
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError):
        return {}


def _with_classes(values: list[Any], feature: Mapping[str, Any]) -> list[Any]:
    """Values, of which the numbers of classes become their names; -1 is the number of no class."""
    names = feature.get("names")
    if feature.get("_type") != "ClassLabel" or not isinstance(names, list):
        return values
    known = {k: name.strip() for k, name in enumerate(names) if isinstance(name, str)} | {-1: None}  # no copy of each
    return [known.get(value, value) if isinstance(value, int) else value for value in values]
