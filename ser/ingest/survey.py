"""Facts that the names of the files below a folder state; nothing is decoded."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ser.audio import suffixes
from ser.audio.segments import Segment
from ser.core import files
from ser.corpora import speakers
from ser.corpora.contract import Corpus
from ser.corpora.naming import InvalidName, Kind, Naming
from ser.ingest import file_names


@dataclass(frozen=True, order=True)
class Reject:
    """A file that is not an utterance, with the reason and the remedy.

    Examples
    --------
    >>> Reject("DC/a01.wav", "0 bytes", "record it again").remedy
    'record it again'
    """

    path: str
    reason: str
    remedy: str
    where: str = ""
    """List and row that name the file, if a list does."""
    kind: Kind | None = field(default=None, compare=False)

    @classmethod
    def of(cls, path: str, error: InvalidName, where: str = "") -> "Reject":
        """Reject of a file whose name, or whose row of a list, is invalid.

        Examples
        --------
        >>> Reject.of("a.wav", InvalidName("lies in no emotion folder", "move it")).reason
        'lies in no emotion folder'
        """
        return cls(path, error.reason, error.remedy, where, error.kind)

    def report(self) -> dict[str, str]:
        """Facts for `reports/ingest.json`.

        Examples
        --------
        >>> Reject("a.wav", "0 bytes", "record it again", "list.csv, row 2").report()["where"]
        'list.csv, row 2'
        """
        facts = {"path": self.path, "reason": self.reason, "remedy": self.remedy}
        return facts | {"where": self.where} if self.where else facts


class Named(NamedTuple):
    """A file whose name is that of a recording.

    Examples
    --------
    >>> from ser.corpora.naming import Naming
    >>> Named(PurePosixPath("DC/a01.wav"), Naming("a")).recording
    'DC/a01'
    """

    path: PurePosixPath
    """Relative to the folder."""
    naming: Naming
    segment: Segment | None = None
    where: str = ""
    """List and row that name it, if a list does."""

    @property
    def recording(self) -> str:
        """Name of the recording in its corpus."""
        return self.naming.recording or str(self.path.with_suffix(""))


@dataclass
class Survey:
    """The files below a folder, sorted by their names.

    Examples
    --------
    >>> found = Survey(not_audio=Counter({".txt": 2}))
    >>> found.named, found.not_audio[".txt"]
    ([], 2)
    """

    named: list[Named] = field(default_factory=list)
    """The likeliest file of a recording, which is the one nearest to the folder, comes before its copies."""
    rejects: list[Reject] = field(default_factory=list)
    known_defects: dict[str, str] = field(default_factory=dict)
    """Path -> the defect that the recording has in every copy of the corpus."""
    secondary: Counter[str] = field(default_factory=Counter)
    """Folder -> number of its secondary forms (films, formats that cannot be decoded) of recordings whose primary form
    exists."""
    not_audio: Counter[str] = field(default_factory=Counter)
    """Suffix -> number of files."""


def survey(folder: Path, corpus: Corpus, *, speaker_pattern: str | None = None) -> Survey:
    """Parse the path of every recording of `corpus` below `folder`.

    Raises
    ------
    ValueError
        If the folder is missing, or the settings of the speakers are wrong.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ser.corpora import corpus
    >>> with TemporaryDirectory() as folder:
    ...     files.write_text(Path(folder, "DC", "a01.wav"), "")
    ...     files.write_text(Path(folder, "DC", "angry.wav"), "")
    ...     found = survey(Path(folder), corpus("savee"))
    >>> [str(one.path) for one in found.named], [one.path for one in found.rejects]
    (['DC/a01.wav'], ['DC/angry.wav'])
    """
    paths, not_audio = _candidates(folder)
    parse = _reader(folder, corpus, speaker_pattern)
    found = Survey(not_audio=not_audio)
    for path in sorted(paths, key=lambda path: (len(path.parts), path)):
        try:
            file_names.check_name(folder, path)
            if corpus.others is not None and re.search(corpus.others, str(path)):
                found.not_audio[path.suffix.lower()] += 1
                continue
            if path.stem in corpus.known_defects:
                found.known_defects[str(path)] = corpus.known_defects[path.stem]
                continue
            found.named.append(Named(path, parse(path)))
        except InvalidName as error:
            found.rejects.append(Reject.of(files.escaped(path), error))
    return _without_secondary(found)


def _reader(folder: Path, corpus: Corpus, speaker_pattern: str | None) -> Callable[[PurePosixPath], Naming]:
    """Reader of a path, with all that files of the corpus add."""
    with_speaker = speakers.completion(folder, speaker_pattern)
    if corpus.labels is None:
        return lambda path: with_speaker(path, corpus.parse(path))
    with_labels = corpus.labels(folder)
    return lambda path: with_speaker(path, with_labels(path, corpus.parse(path)))


def _without_secondary(found: Survey) -> Survey:
    primary = {entry.recording for entry in found.named if not _is_secondary(entry)}
    needless = {entry for entry in found.named if _is_secondary(entry) and entry.recording in primary}
    found.secondary.update(str(entry.path.parent) for entry in needless)
    found.named = [entry for entry in found.named if entry not in needless]
    return found


def _is_secondary(entry: Named) -> bool:
    return entry.naming.is_secondary or entry.path.suffix.lower() in suffixes.OTHER_AUDIO | suffixes.FILMS


def _candidates(folder: Path) -> tuple[list[PurePosixPath], Counter[str]]:
    """Paths below `folder` that may be recordings, and the number of other files by suffix."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; put the corpus there, or set corpus.root")
    found: list[PurePosixPath] = []
    ignored: Counter[str] = Counter()
    for path in files.walk(folder):
        inside = PurePosixPath(path.relative_to(folder).as_posix())
        if any(part.startswith(".") for part in inside.parts):
            continue  # files of the operating system or of version control
        if suffixes.may_be_recording(path):
            found.append(inside)
        else:
            ignored[files.escaped(path.suffix.lower()) or "no suffix"] += 1
    return found, ignored
