"""Plain emotion folders: `<root>/<Emotion>/<anything>`; speakers come from `ser.corpora.speakers`, or are unknown."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from ser.corpora.naming import InvalidName, Naming

TITLE = "Emotion folders"
CITATION = "your own recordings"
LICENCE = "as you received them"
HOMEPAGE = ""
STEPS = ("put your recordings into {root}/<Emotion>/",)
NOTE = ""
KNOWN_DEFECTS: Mapping[str, str] = {}
EXPECTED: Mapping[str, Mapping[str, int]] = {}
N_SPEAKERS: Mapping[str, int] = {}


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
