"""Plain emotion folders, `<root>/<Emotion>/<anything>`; `ser.corpora.speakers` adds the speakers, if they are known."""

from pathlib import PurePosixPath

from ser.core.emotions import normal
from ser.corpora.contract import Corpus
from ser.corpora.naming import InvalidName, Naming


def parse(path: PurePosixPath) -> Naming:
    """Read the emotion from the name of the file's folder, in lower case, with underscores between words.

    Raises
    ------
    InvalidName
        If the file lies in no folder.

    Examples
    --------
    >>> parse(PurePosixPath("Pleasant Surprise/a01.wav")).corpus_label
    'pleasant_surprise'
    """
    if len(path.parts) < 2:
        raise InvalidName("lies in no emotion folder", "move it to <root>/<Emotion>/")
    return Naming(corpus_label=normal(path.parent.name))


CORPUS = Corpus(
    title="Emotion folders",
    citation="Your own recordings",
    licence="as you received them",
    steps=("put your recordings into {root}/<Emotion>/",),
    parse=parse,
    spelled=normal,
    has_words=True,
)
