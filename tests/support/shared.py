"""Folders that are made once in a run of pytest, by the first test that asks, and read by all its processes."""

from collections.abc import Callable
from pathlib import Path

from ser.core.file_lock import locked


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Return the folder; `make` fills it where there is none, while other processes wait.

    It is filled under another name and renamed when it is whole: a failed attempt is not mistaken for a result.
    """
    with locked(folder.with_name(f"{folder.name}.lock")):
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.partial")
            partial.mkdir()
            make(partial)
            partial.rename(folder)
    return folder
