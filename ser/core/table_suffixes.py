"""File formats of large tables, by the suffix of the file; this module imports no library of tables."""

from pathlib import Path

FORMATS = ("csv", "parquet")
PARQUET = ".parquet"
SUFFIXES = (".csv", PARQUET)


def in_format(path: Path, name: str) -> Path:
    """Path of a table in the format `name`: `path` with the suffix of that format.

    Raises
    ------
    ValueError
        If the format is unknown.

    Examples
    --------
    >>> in_format(Path("data/features.csv"), "parquet").name
    'features.parquet'
    """
    if name not in FORMATS:
        raise ValueError(f"unknown tables.format {name!r}; choose one of {', '.join(FORMATS)}")
    return path.with_suffix(f".{name}")
