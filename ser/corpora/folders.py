"""Plain emotion folders: `<root>/<Emotion>/<anything>`; speakers come from `ser.corpora.speakers`, or are unknown."""

import re
from pathlib import PurePosixPath

from ser.corpora.contract import Corpus
from ser.corpora.naming import InvalidName, Naming


def parse(path: PurePosixPath) -> Naming:
    """Take the folder that holds the file as the emotion, in lower case, its words joined by underscores.

    Raises
    ------
    InvalidName
        If the file lies in no folder.
    """
    if len(path.parts) < 2:
        raise InvalidName("lies in no emotion folder", "move it to <root>/<Emotion>/")
    return Naming(corpus_label=re.sub(r"[\s_-]+", "_", path.parent.name.lower().strip()))


CORPUS = Corpus(
    title="Emotion folders",
    citation="your own recordings",
    licence="as you received them",
    steps=("put your recordings into {root}/<Emotion>/",),
    parse=parse,
)
