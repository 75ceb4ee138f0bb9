"""Votes of people who heard the recordings of a corpus: the source of a human ceiling."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Counts = Mapping[str, Mapping[str, int]]
"""Name of a recording -> emotion code of the corpus -> number of votes."""


@dataclass(frozen=True)
class Votes:
    """Table of votes that comes with a corpus.

    Examples
    --------
    >>> votes = Votes("votes.csv", folders=(".",), read=lambda path: {}, source="an article")
    >>> print(votes.path(Path("no_such_folder")))
    None
    """

    file: str
    folders: tuple[str, ...]
    """Folders that may contain the file, relative to that of the corpus, the likeliest first."""
    read: Callable[[Path], Counts]
    """Path of the file -> votes on the sound of each recording alone; a `ValueError` for another file."""
    source: str
    """Publication, and the part of it that is read."""

    def path(self, corpus: Path) -> Path | None:
        """File of the votes of the corpus in the folder `corpus`; None if it is not there."""
        candidates = (corpus / folder / self.file for folder in self.folders)
        return next((path for path in candidates if path.is_file()), None)
