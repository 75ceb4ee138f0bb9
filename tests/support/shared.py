"""Folders that are made once in a run of pytest, by the first test that asks, and read by all its processes."""

import fcntl
from collections.abc import Callable
from pathlib import Path


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Return the folder; `make` fills it where there is none, while other processes wait.

    It is filled under another name and renamed when it is whole: a failed attempt is not mistaken for a result.
    """
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.partial")
            partial.mkdir()
            make(partial)
            partial.rename(folder)
    return folder
