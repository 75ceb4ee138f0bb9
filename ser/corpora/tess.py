"""TESS: the Toronto Emotional Speech Set."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from ser.corpora.naming import Naming, foreign_name

TITLE = "TESS"
CITATION = "Pichora-Fuller and Dupuis (2020), Toronto emotional speech set, https://doi.org/10.5683/SP2/E8H2MF"
LICENCE = "CC BY-NC-ND 4.0"
HOMEPAGE = "https://doi.org/10.5683/SP2/E8H2MF"
NOTE = ""
KNOWN_DEFECTS: Mapping[str, str] = {}

PATTERN = re.compile(r"(?P<speaker>OAF|OA|YAF)_(?P<word>[a-z]+)_(?P<emotion>[a-z]+)", re.IGNORECASE)


def parse(path: PurePosixPath) -> Naming:
    """Read `SPEAKER_word_emotion` from a file's stem.

    Raises
    ------
    InvalidName
        If the stem has another form.
    """
    found = PATTERN.fullmatch(path.stem)
    if found is None:
        raise foreign_name(TITLE, "OAF_back_angry.wav")
    speaker = found["speaker"].upper()
    return Naming(
        corpus_label=found["emotion"].lower(),
        speaker="OAF" if speaker == "OA" else speaker,  # one file of every copy is named OA_bite_neutral
        sex="female",
        language="en",
        statement=found["word"].lower(),
        vocal_channel="speech",
    )
