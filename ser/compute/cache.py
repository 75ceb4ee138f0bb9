"""What was computed of which audio, in the user's cache folder: nothing is computed twice, and nothing is lost.

Studies that DVC queues run in temporary checkouts, and find here what others have computed. `SER_CACHE_DIR` moves the
folder, `SER_CACHE_GB` bounds its size; at 0 nothing is kept. A cache that cannot be read or written only costs time: it
is said, and the work goes on without it.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diskcache

FOLDER = Path("~/.cache/ser/computed")
SIZE = 10.0  # GB
DIGEST_SIZE = 16  # bytes, in front of each value: a damaged one is computed anew
LARGEST_ROW = 2**17  # bytes; larger values get a file each
PATIENCE = 60.0  # seconds that a process waits for another one to finish writing
FAILURES = (sqlite3.Error, diskcache.Timeout, OSError)


class _Bytes(diskcache.Disk):  # type: ignore[misc]
    """Text to bytes only: diskcache would unpickle other values, and with them run what someone has put there."""

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        if mode == diskcache.core.MODE_PICKLE:
            raise OSError("a pickled value, which is not ours")
        return super().fetch(mode, filename, value, read)


class Store:
    """Values by key; without a cache, nothing is kept."""

    def __init__(self, cache: diskcache.Cache | None) -> None:
        self._cache = cache

    def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """The value of each key, as it was written; None where there is none, or it is damaged."""
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
        """Keep values by their keys; all of them appear at once."""
        if self._cache is None:
            return
        try:
            with self._cache.transact():
                for key, value in values.items():
                    self._cache.set(key, _digest(value) + value)
        except FAILURES as error:
            self._give_up(error)

    def close(self) -> None:
        """Let go of the files."""
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
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            shutil.rmtree(folder, ignore_errors=True)  # damaged; the next run makes it anew


@contextmanager
def opened() -> Iterator[Store]:
    """The user's store."""
    size, folder = limit(), Path(os.environ.get("SER_CACHE_DIR") or FOLDER).expanduser()
    store = Store(_made(folder, size) if size else None)
    try:
        yield store
    finally:
        store.close()


def limit() -> int:
    """Bytes that may be kept, by `SER_CACHE_GB`.

    Raises
    ------
    ValueError
        If it is not a number from 0.
    """
    given = os.environ.get("SER_CACHE_GB") or str(SIZE)
    try:
        size = float(given)
    except ValueError:
        size = -1.0
    if not 0 <= size < float("inf"):
        raise ValueError(f"SER_CACHE_GB is {given!r}; set it to the gigabytes that may be kept, 0 for none")
    return int(size * 1e9)


def _made(folder: Path, size: int) -> diskcache.Cache | None:
    for attempt in range(2):
        try:
            return diskcache.Cache(
                str(folder),
                disk=_Bytes,
                timeout=PATIENCE,
                size_limit=size,
                disk_min_file_size=LARGEST_ROW,
                eviction_policy="least-recently-stored",  # others would write at each read
            )
        except FAILURES as error:
            damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
            if attempt or not damaged:
                _warn(f"nothing is kept in the cache {folder}: {error}")
                return None
            _warn(f"the cache {folder} was damaged ({error}), and is made anew")
            shutil.rmtree(folder, ignore_errors=True)
    return None


def key(*parts: Any) -> str:
    """Name of a value, by all that it depends on: texts, numbers, and lists and mappings of them."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=DIGEST_SIZE).hexdigest()


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=DIGEST_SIZE).digest()


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)
