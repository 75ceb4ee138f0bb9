"""The Git repository of the project, and files of its last commit."""

import subprocess
from pathlib import Path
from typing import Final

INITIALISE: Final = "git init && git add --all && git commit --message start"
NEEDED: Final = f"and DVC needs one; make it with: {INITIALISE}"


def committed(path: Path) -> str | None:
    """Content of a file below the current folder in the last commit; None if there is none, or no repository.

    Examples
    --------
    >>> committed(Path("no_such_file.csv")) is None
    True
    """
    try:
        done = subprocess.run(["git", "show", f"HEAD:./{path.as_posix()}"], capture_output=True, check=False)
    except OSError:  # git is not installed
        return None
    return None if done.returncode else done.stdout.decode("utf-8", "replace")


def check(folder: Path) -> None:
    """Check that a folder is in a Git repository, as it is not after the download of an archive.

    Raises
    ------
    ValueError
        If it is not, with the commands that make one.

    Examples
    --------
    >>> check(Path("/"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: / is not a git repository, and DVC needs one; make it with: git init && ...
    """
    if not any((one / ".git").exists() for one in (folder, *folder.parents)):
        raise ValueError(f"{folder} is not a git repository, {NEEDED}")
