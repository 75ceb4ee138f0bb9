"""Plain emotion folders, `<root>/<Emotion>/<anything>`; `ser.corpora.speakers` adds the speakers, if they are known."""

import re
import unicodedata
from pathlib import PurePosixPath

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
    return Naming(corpus_label=spelled(path.parent.name))


def spelled(name: str) -> str:
    """Name of a folder as a label: in lower case, with underscores for spaces and hyphens, each letter one character.

    Examples
    --------
    >>> spelled("Pleasant Surprise")
    'pleasant_surprise'
    """
    return re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFC", name).lower().strip())


CORPUS = Corpus(
    title="Emotion folders",
    citation="your own recordings",
    licence="as you received them",
    steps=("put your recordings into {root}/<Emotion>/",),
    parse=parse,
    spelled=spelled,
)
