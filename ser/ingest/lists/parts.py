"""Files of a list: one table, or one for each split, as Hugging Face stores them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ser.audio.cells import SUFFIXES as PARQUET

NAMES = ("metadata", "list")  # of the list in a folder; the first one is that of Hugging Face's audio folders
TEXT, LINES = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson")
SUFFIXES = (*TEXT, *LINES, *PARQUET)
HEADER = "db.yaml"  # of a database in audformat
OTHER_TABLES = ("speakers.csv",)  # in the folder of a corpus
INSIDE = ("", "data")  # folders of a data set that have its splits
SHARD = re.compile(r"(?P<split>.+?)(?:[-_.]\d+(?:[-_.]of[-_.]\d+)?)?", re.IGNORECASE)
SPLITS: Mapping[str, str] = {
    **dict.fromkeys(("train", "training", "trn", "tr"), "train"),
    **dict.fromkeys(("dev", "devel", "development", "val", "valid", "validation"), "dev"),
    **dict.fromkeys(("test", "testing", "tst", "eval", "evaluation", "test1", "test2"), "test"),
}
"""Word in lower case -> partition."""


class Part(NamedTuple):
    """A table of a list.

    Examples
    --------
    >>> Part(Path("my.csv")).split
    ''
    """

    path: Path
    name: str = ""
    """Path from the folder of the list; empty if the list is this one table."""
    split: str = ""
    """Partition that the name states; empty: none."""


def found(path: Path) -> list[Part]:
    """Tables of the list at `path`, which may be its folder.

    Raises
    ------
    ValueError
        If there is none, or there are several that are not splits of one list.

    Examples
    --------
    >>> found(Path("no_such_list.csv"))
    Traceback (most recent call last):
    ValueError: no list at no_such_list.csv; name it: -S corpus.list=/path/to/list.csv
    """
    if path.is_file():
        return [Part(path)]
    if not path.is_dir():
        raise ValueError(f"no list at {path}; name it: -S corpus.list=/path/to/list.csv")
    if (usual := _usual(path)) is not None:
        return [Part(usual)]
    if of_folders := _first(_of_folders(path, folder) for folder in _inside(path)):
        return of_folders
    tables = list(_tables(path))
    if len(tables) == 1:
        return [Part(tables[0])]
    if shards := _first(_shards(path, folder) for folder in _inside(path)):
        return shards
    names = f"several tables ({', '.join(one.name for one in tables)})" if tables else "no table"
    raise ValueError(f"{path} has {names}, wanted one list; name it: -S corpus.list=/path/to/list.csv")


def is_in(folder: Path) -> bool:
    """True if there is a list in a folder.

    Examples
    --------
    >>> is_in(Path("no_such_folder"))
    False
    """
    try:
        return bool(found(folder))
    except ValueError:
        return False


def _usual(folder: Path, names: Sequence[str] = NAMES) -> Path | None:
    """List with a usual name."""
    usual = (folder / f"{name}{suffix}" for name in names for suffix in SUFFIXES)
    return next((path for path in (*usual, folder / HEADER) if path.is_file()), None)


def _tables(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and path.name not in OTHER_TABLES and path.is_file():
            yield path


def _inside(top: Path) -> list[Path]:
    """Folders that may have the splits of a data set."""
    return [folder for inside in INSIDE if (folder := top / inside).is_dir()]


def _first(lists: Iterable[list[Part]]) -> list[Part]:
    return next((parts for parts in lists if parts), [])


def _of_folders(top: Path, folder: Path) -> list[Part]:
    """Metadata in a folder of each split."""
    below = [one for one in sorted(folder.iterdir()) if one.name.casefold() in SPLITS and one.is_dir()]
    return _parts(top, [(table, one.name) for one in below if (table := _usual(one, NAMES[:1])) is not None])


def _shards(top: Path, folder: Path) -> list[Part]:
    """Tables that are all named by their splits."""
    shards = [(one, match["split"]) for one in _tables(folder) if (match := SHARD.fullmatch(one.stem))]
    return _parts(top, shards) if all(split.casefold() in SPLITS for _, split in shards) else []


def _parts(top: Path, named: Sequence[tuple[Path, str]]) -> list[Part]:
    splits = [SPLITS[split.casefold()] for _, split in named]
    several = len(set(splits)) > 1  # else nothing is split
    return [
        Part(path, path.relative_to(top).as_posix(), split if several else "")
        for (path, _), split in zip(named, splits, strict=True)
    ]
