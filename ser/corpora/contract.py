"""Facts about a corpus, as each module of this package states them in its variable `CORPUS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ser.corpora.archive import Archive
from ser.corpora.naming import Naming
from ser.corpora.speakers import Completion
from ser.corpora.votes import Votes


@dataclass(frozen=True)
class Corpus:
    """A corpus: its source, its licence, its contents, and the reader of its file names.

    Examples
    --------
    >>> from ser.corpora import folders
    >>> corpus = Corpus("Mine", citation="none", licence="CC0 1.0", steps=("copy to {root}",), parse=folders.parse)
    >>> corpus.parse(PurePosixPath("Angry/a.wav")).corpus_label
    'angry'
    """

    title: str
    citation: str
    licence: str
    steps: tuple[str, ...]
    """Steps by which a person gets the corpus into the folder `{root}`."""
    parse: Callable[[PurePosixPath], Naming]
    """Path below the corpus's folder -> facts about the recording; an `InvalidName` for a path of another form."""
    labels: Callable[[Path], Completion] | None = None
    """Folder of the corpus -> function that adds to a naming what files of the corpus state; None: its name is all."""
    others: str | None = None
    """Regular expression that finds the paths of audio that is no recording of the corpus."""
    spelled: Callable[[str], str] = str
    """Label of a label map -> the label as `parse` writes it."""
    has_words: bool = False
    """True if its labels are plain words, which may name any emotion, and no closed set of codes."""
    voices: str = ""
    """Kind of speech and language, in words for people; "": unknown."""
    note: str = ""
    """A sentence that every report on the corpus must contain."""
    n_speakers: Mapping[str, int] = field(default_factory=dict)
    """Vocal channel -> speakers of the whole corpus; 0: nothing in the corpus states who speaks."""
    expected: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Vocal channel -> emotion code -> recordings of the whole corpus; empty if its contents are not fixed."""
    known_defects: Mapping[str, str] = field(default_factory=dict)
    """File stem -> the defect that the recording has in every copy of the corpus; ingest leaves it out."""
    archives: Mapping[str, Archive] = field(default_factory=dict)
    """Vocal channel -> archive that `ser download` fetches; empty if a person must get the corpus."""
    votes: Votes | None = None
    """Votes of listeners that the corpus comes with; the report compares them with the model."""
    is_list: bool = False
    """True if a list names the recordings and their emotions, and `parse` is not used."""
    is_included: bool = False
    """True if the corpus comes with this project."""
