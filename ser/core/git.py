"""The Git repository of the project, and files of its last commit."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

INITIALISE: Final = "git init && git add --all && git commit --message start"


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


@dataclass(frozen=True)
class Revision:
    """State of some files in the repository.

    Examples
    --------
    >>> str(Revision("9cd494c71b1e", "2026-11-29", is_changed=True))
    'commit 9cd494c71b1e of 2026-11-29, with changes that are not committed'
    """

    commit: str
    """First 12 digits of the last commit that changed one of them."""
    date: str
    """Of that commit, as `2026-11-29`."""
    is_changed: bool
    """True if one of them differs from that commit now."""

    def __str__(self) -> str:
        doubt = ", with changes that are not committed" if self.is_changed else ""
        return f"commit {self.commit} of {self.date}{doubt}"


def revision(paths: Sequence[str]) -> Revision | None:
    """Last commit that changed one of `paths`, below the current folder; None if there is none, or no repository.

    Unlike the commit that is checked out, it stays the same when a run commits its results.

    Examples
    --------
    >>> revision(["no_such_folder"]) is None
    True
    """
    # The options are for people whose settings of Git differ.
    last = ("log", "-1", "--no-show-signature", "--abbrev=12", "--format=%h %cs")
    commit, _, date = _output(*last, "--", *paths).strip().partition(" ")
    if not commit:
        return None
    changes = _output("status", "--porcelain", "--untracked-files=normal", "--", *paths)
    return Revision(commit, date, is_changed=bool(changes))


def _output(*arguments: str) -> str:
    """Standard output of Git; empty if it fails or is not installed. Git takes no lock, so others may use it."""
    try:
        done = subprocess.run(["git", "--no-optional-locks", *arguments], capture_output=True, check=False)
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.decode("utf-8", "replace")


def not_a_repository(folder: object) -> str:
    """Message for a folder that is in no Git repository, with the commands that make one.

    Examples
    --------
    >>> not_a_repository("/speech")  # doctest: +ELLIPSIS
    '/speech is not a git repository, and DVC needs one; make it with: git init && ...'
    """
    return f"{folder} is not a git repository, and DVC needs one; make it with: {INITIALISE}"


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
        raise ValueError(not_a_repository(folder))
