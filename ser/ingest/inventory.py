"""Inventory of the installed corpora, counted by file names; nothing is decoded."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ser.audio import reading
from ser.corpora import CORPORA
from ser.corpora.naming import Naming
from ser.ingest import corpus_root
from ser.ingest.lists.opening import ListSettings, recordings
from ser.ingest.survey import Named, survey

INSTALLABLE = tuple(name for name, corpus in CORPORA.items() if not corpus.is_included)
UNCOUNTED = tuple(name for name in INSTALLABLE if not CORPORA[name].expected)  # corpora without a fixed size


@dataclass(frozen=True)
class Holding:
    """One vocal channel of a corpus: the recordings that are there, and those of the whole corpus.

    Examples
    --------
    >>> holding = Holding("savee", "speech", 479, 4, 480, 4, lacking={"sa": 1}, n_stubs=0)
    >>> holding.is_complete
    False
    """

    corpus: str
    vocal_channel: str
    n_recordings: int
    """Copies count once; empty files and Git LFS pointers do not count."""
    n_speakers: int
    expected_recordings: int
    expected_speakers: int
    """0: the names do not state the speakers."""
    lacking: Mapping[str, int]
    """Emotion code -> number of missing recordings."""
    n_stubs: int
    """Number of empty files and Git LFS pointers."""

    @property
    def is_complete(self) -> bool:
        """True if no recording is missing."""
        return not self.lacking


def holdings(raw: Path) -> list[Holding]:
    """Holdings of every corpus with a fixed number of recordings, counted in the folders of `raw`.

    Examples
    --------
    >>> sum(holding.n_recordings for holding in holdings(Path("no_such_folder")))
    0
    """
    return [holding for name in INSTALLABLE for holding in holdings_of(name, raw / name)]


def holdings_of(corpus: str, folder: Path) -> list[Holding]:
    """Holdings of `corpus`, counted in `folder`, which need not exist; none of a corpus without a fixed size.

    Examples
    --------
    >>> (holding,) = holdings_of("savee", Path("no_such_folder"))
    >>> holding.n_recordings, holding.expected_recordings, holding.expected_speakers
    (0, 480, 4)
    """
    known = CORPORA[corpus]
    if not known.expected:
        return []
    namings, stubs = _recordings(corpus, folder)
    found = []
    for channel, expected in known.expected.items():
        of_channel = [naming for naming in namings if naming.vocal_channel == channel]
        counts = Counter(naming.corpus_label for naming in of_channel)
        found.append(
            Holding(
                corpus=corpus,
                vocal_channel=channel,
                n_recordings=len(of_channel),
                n_speakers=len({naming.speaker for naming in of_channel} - {None}),
                expected_recordings=sum(expected.values()),
                expected_speakers=known.n_speakers[channel],
                lacking={code: n - counts[code] for code, n in expected.items() if counts[code] < n},
                n_stubs=sum(naming.vocal_channel == channel for naming in stubs),
            )
        )
    return found


def n_files(corpus: str, folder: Path) -> int:
    """Number of recordings of `corpus` in `folder`.

    Examples
    --------
    >>> n_files("savee", Path("no_such_folder"))
    0
    """
    return len(_recordings(corpus, folder)[0])


def _recordings(corpus: str, folder: Path) -> tuple[list[Naming], list[Naming]]:
    """Namings of the recordings in `folder`, each recording once, and of the files that are stubs."""
    if not folder.is_dir() or corpus_root.is_placeholder(folder):
        return [], []
    known = CORPORA[corpus]
    if known.is_list:
        _, listed = recordings(folder, ListSettings(None))
        return [Naming("", recording=str(path)) for path in listed], []
    found = survey(folder, known)
    defective = [Named(path, known.parse(path)) for path in map(PurePosixPath, found.known_defects)]
    entries = [*found.named, *defective]  # the published size of a corpus includes defective recordings
    stubs = {entry for entry in entries if reading.is_stub(folder / entry.path)}
    whole = {entry.recording: entry.naming for entry in entries if entry not in stubs}
    return list(whole.values()), [entry.naming for entry in stubs]
