"""Lock of a file, for work that two processes must not do at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, for which other processes wait; on Windows, which has no such lock, hold nothing.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, locked(path := Path(folder, "a.lock")):
    ...     path.is_file()
    True
    """
    with path.open("w") as lock:
        try:
            import fcntl
        except ModuleNotFoundError:  # Windows
            pass
        else:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
        yield
