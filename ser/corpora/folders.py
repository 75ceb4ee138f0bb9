"""Plain emotion folders, `<root>/<Emotion>/<anything>`; `ser.corpora.speakers` adds the speakers, if they are known."""

from pathlib import PurePosixPath

from ser.core.emotions import normal
from ser.corpora import words
from ser.corpora.contract import Corpus
from ser.corpora.naming import InvalidName, Naming


def parse(path: PurePosixPath) -> Naming:
    """Read the emotion from the name of a folder, in lower case, with underscores between words.

    That is the nearest folder whose name is a known word for an emotion, since an emotion may have a folder for each
    speaker; if there is none, it is the file's own folder.

    Raises
    ------
    InvalidName
        If the file lies in no folder.

    Examples
    --------
    >>> parse(PurePosixPath("Pleasant Surprise/a01.wav")).corpus_label
    'pleasant_surprise'
    >>> parse(PurePosixPath("sad/anna/01.wav")).corpus_label, parse(PurePosixPath("mine/proud/01.wav")).corpus_label
    ('sad', 'proud')
    """
    if len(path.parts) < 2:
        raise InvalidName("lies in no emotion folder", "move it to <root>/<Emotion>/")
    names = [normal(folder) for folder in reversed(path.parts[:-1])]
    return Naming(corpus_label=next(filter(words.known().emotion, names), names[0]))


CORPUS = Corpus(
    title="Emotion folders",
    citation="Your own recordings",
    licence="as you received them",
    steps=("put your recordings into {root}/<Emotion>/",),
    parse=parse,
    spelled=normal,
    has_words=True,
)
