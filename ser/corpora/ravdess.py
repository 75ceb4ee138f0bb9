"""RAVDESS: the Ryerson Audio-Visual Database of Emotional Speech and Song."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from ser.corpora.naming import InvalidName, Naming, foreign_name

TITLE = "RAVDESS"
CITATION = "Livingstone and Russo (2018), PLoS ONE 13(5): e0196391, https://doi.org/10.1371/journal.pone.0196391"
LICENCE = "CC BY-NC-SA 4.0"
HOMEPAGE = "https://zenodo.org/records/1188976"
NOTE = ""
KNOWN_DEFECTS: Mapping[str, str] = {}

PATTERN = re.compile(
    r"(?P<modality>\d\d)-(?P<channel>\d\d)-(?P<emotion>\d\d)-(?P<intensity>\d\d)"
    r"-(?P<statement>\d\d)-(?P<repetition>\d\d)-(?P<actor>\d\d)"
)
VIDEO_ONLY = "02"
VOCAL_CHANNELS = {"01": "speech", "02": "song"}
INTENSITIES = {"01": "normal", "02": "strong"}


def parse(path: PurePosixPath) -> Naming:
    """Read `modality-channel-emotion-intensity-statement-repetition-actor` from a file's stem.

    Raises
    ------
    InvalidName
        If the stem has another form, or the recording is a video without sound.

    References
    ----------
    .. [1] "File naming convention" of the Zenodo record: odd actors are male, even actors female.
    """
    found = PATTERN.fullmatch(path.stem)
    if found is None or found["channel"] not in VOCAL_CHANNELS or found["intensity"] not in INTENSITIES:
        raise foreign_name(TITLE, "03-01-05-01-02-01-12.wav")
    if found["modality"] == VIDEO_ONLY:
        raise InvalidName("modality 02 is video without sound", "move it elsewhere, or use the audio (03)")
    return Naming(
        corpus_label=found["emotion"],
        speaker=found["actor"],
        sex="male" if int(found["actor"]) % 2 else "female",
        language="en",
        intensity=INTENSITIES[found["intensity"]],
        statement=found["statement"],
        repetition=found["repetition"],
        vocal_channel=VOCAL_CHANNELS[found["channel"]],
    )
