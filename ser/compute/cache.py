"""Cache of computed results in the user's cache folder.

Studies that DVC queues run in temporary checkouts and share this cache. `SER_CACHE_DIR` sets the folder, `SER_CACHE_GB`
its maximal size; at 0 nothing is cached. If the cache cannot be read or written, a warning is printed and the work
continues without it. The values are in a folder of their own below `SER_CACHE_DIR`, which has a mark. Only files that
the cache itself wrote there are ever removed.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diskcache

FOLDER = Path("~/.cache/ser")
VALUES = "ser_values"  # folder below SER_CACHE_DIR, which may have other files
MARK = "CACHEDIR.TAG"  # of https://bford.info/cachedir: programs for backups leave such a folder out
MARK_TEXT = "Signature: 8a477f597d28d172789f06886806bc55\n# Values that ser computed; this folder may be removed.\n"
# Files of the cache, as diskcache names them.
OURS = re.compile(r"cache\.db(-wal|-shm|-journal)?|[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{28}\.val")
SIZE = 10.0  # GB
DIGEST_SIZE = 16  # bytes; the digest precedes each value, so that damaged values are recognised
LARGEST_ROW = 2**17  # bytes; a larger value gets a file of its own
PATIENCE = 60.0  # seconds to wait for another process that writes
FAILURES = (sqlite3.Error, diskcache.Timeout, OSError)


class _Bytes(diskcache.Disk):  # type: ignore[misc]
    """Storage of bytes only: diskcache would unpickle other values, which can run foreign code."""

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        if mode == diskcache.core.MODE_PICKLE:
            raise OSError("found a pickled value; the cache holds bytes only")
        return super().fetch(mode, filename, value, read)


class Store:
    """Bytes by key; if there is no cache, every key is missing and nothing is kept.

    Examples
    --------
    >>> Store(None).read(["a", "b"])
    [None, None]
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, diskcache.Cache(folder, disk=_Bytes) as files:
    ...     store = Store(files)
    ...     store.write({"a": b"0.5"})
    ...     store.read(["a", "b"])
    [b'0.5', None]
    """

    def __init__(self, cache: diskcache.Cache | None) -> None:
        self._cache = cache

    def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """Value of each key; None if it is missing or damaged."""
        return [self._value(key) for key in keys]

    def _value(self, key: str) -> bytes | None:
        if self._cache is None:
            return None
        try:
            content = self._cache.get(key)
        except FAILURES as error:
            self._give_up(error)
            return None
        if not isinstance(content, bytes) or _digest(content[DIGEST_SIZE:]) != content[:DIGEST_SIZE]:
            return None
        return content[DIGEST_SIZE:]

    def write(self, values: Mapping[str, bytes]) -> None:
        """Store the value of each key, all in one transaction."""
        if self._cache is None:
            return
        try:
            with self._cache.transact():
                for key, value in values.items():
                    self._cache.set(key, _digest(value) + value)
        except FAILURES as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the files of the cache; later reads and writes do nothing.

        Examples
        --------
        >>> store = Store(None)
        >>> store.close()
        >>> store.read(["a"])
        [None]
        """
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def _give_up(self, error: Exception) -> None:
        assert self._cache is not None
        folder = Path(self._cache.directory)
        _warn(f"the cache {folder} is not used: {error}")
        try:
            self.close()
        except FAILURES:
            self._cache = None
        if _is_damage(error):
            _clear(folder)  # the next run creates a new one


@contextmanager
def opened() -> Iterator[Store]:
    """Open the user's cache.

    Raises
    ------
    ValueError
        If `SER_CACHE_GB` is not valid.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, SER_CACHE_GB="0"), opened() as store:  # no cache
    ...     store.write({"a": b"0.5"})
    ...     store.read(["a"])
    [None]
    """
    size = limit()
    store = Store(_made(location(), size) if size else None)
    try:
        yield store
    finally:
        store.close()


def location() -> Path:
    """Folder of the values, below `SER_CACHE_DIR`.

    Examples
    --------
    >>> location().name
    'ser_values'
    """
    return Path(os.environ.get("SER_CACHE_DIR") or FOLDER).expanduser() / VALUES


def limit() -> int:
    """Maximal size of the cache in bytes, from `SER_CACHE_GB`.

    Raises
    ------
    ValueError
        If it is not a finite number of at least 0.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, SER_CACHE_GB="0.5"):
    ...     limit()
    500000000
    """
    given = os.environ.get("SER_CACHE_GB") or str(SIZE)
    try:
        size = float(given)
    except ValueError:
        size = -1.0
    if not 0 <= size < float("inf"):
        raise ValueError(
            f"SER_CACHE_GB is {given!r}; set it to the maximal size of the cache in gigabytes, or 0 for no cache"
        )
    return int(size * 1e9)


def _made(folder: Path, size: int) -> diskcache.Cache | None:
    for attempt in range(2):
        try:
            _mark(folder)
            return diskcache.Cache(
                str(folder),
                disk=_Bytes,
                timeout=PATIENCE,
                size_limit=size,
                disk_min_file_size=LARGEST_ROW,
                eviction_policy="least-recently-stored",  # the other policies write to the disk at each read
            )
        except FAILURES as error:
            if attempt or not _is_damage(error):
                _warn(f"the cache {folder} cannot be opened, so nothing is cached: {error}")
                return None
            _warn(f"the cache {folder} was damaged ({error}); a new one replaces it")
            _clear(folder)
    return None


def _is_damage(error: Exception) -> bool:
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _mark(folder: Path) -> None:
    """Make the folder of the values with its mark, if it is missing or empty; the two appear together.

    Raises
    ------
    OSError
        If the folder has files but no mark, or cannot be made.
    """
    if _is_marked(folder):
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OSError(
            f"found {folder} without the file {MARK} of this cache, so its files are of another program; set"
            " SER_CACHE_DIR to another folder, or move that one away"
        )
    new = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    new.mkdir(parents=True)
    try:
        (new / MARK).write_text(MARK_TEXT, encoding="utf-8")
        new.rename(folder)
    except OSError:
        if not _is_marked(folder):  # by another process, which was first
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _is_marked(folder: Path) -> bool:
    try:
        return (folder / MARK).read_text(encoding="utf-8") == MARK_TEXT
    except (OSError, ValueError):
        return False


def _clear(folder: Path) -> None:
    """Remove the files that the cache wrote, and nothing else."""
    for path in [*folder.glob("cache.db*"), *folder.glob("*/*/*.val")]:
        if OURS.fullmatch(path.relative_to(folder).as_posix()):
            path.unlink(missing_ok=True)


def key(*parts: Any) -> str:
    """Key of a value, made of everything that it depends on.

    Parameters
    ----------
    parts
        Strings, numbers, and lists and mappings of them; the order of a mapping does not matter.

    Examples
    --------
    >>> key("f0", {"low": 60, "high": 400}) == key("f0", {"high": 400, "low": 60})
    True
    >>> key("f0", {"low": 60}) == key("f0", {"low": 65})
    False
    """
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=DIGEST_SIZE).hexdigest()


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=DIGEST_SIZE).digest()


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)
