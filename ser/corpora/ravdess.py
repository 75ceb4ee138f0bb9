"""RAVDESS: the Ryerson Audio-Visual Database of Emotional Speech and Song."""

import re
from pathlib import PurePosixPath

from ser.corpora.archive import Archive
from ser.corpora.contract import Corpus
from ser.corpora.naming import InvalidName, Naming, foreign_name

RECORD = "https://zenodo.org/records/1188976"
PATTERN = re.compile(
    r"(?P<modality>\d\d)-(?P<channel>\d\d)-(?P<emotion>\d\d)-(?P<intensity>\d\d)"
    r"-(?P<statement>\d\d)-(?P<repetition>\d\d)-(?P<actor>\d\d)"
)
MODALITIES = WITH_FILM, FILM_ONLY, AUDIO_ONLY = "01", "02", "03"
VOCAL_CHANNELS = {"01": "speech", "02": "song"}
INTENSITIES = {"01": "normal", "02": "strong"}


def parse(path: PurePosixPath) -> Naming:
    """Read `modality-channel-emotion-intensity-statement-repetition-actor` from a file's stem.

    The sound of a film (modality 01) is the same recording as the file with audio only (03), and gets its name.

    Raises
    ------
    InvalidName
        If the stem has another form, or the recording is a video without sound.

    References
    ----------
    .. [1] "File naming convention" of the Zenodo record: odd actors are male, even actors female.

    Examples
    --------
    >>> naming = parse(PurePosixPath("Actor_12/03-01-05-02-01-02-12.wav"))
    >>> naming.vocal_channel, naming.corpus_label, naming.intensity, naming.speaker, naming.sex
    ('speech', '05', 'strong', '12', 'female')
    """
    found = PATTERN.fullmatch(path.stem)
    known = {"modality": MODALITIES, "channel": VOCAL_CHANNELS, "intensity": INTENSITIES}
    if found is None or any(found[part] not in codes for part, codes in known.items()):
        raise foreign_name("RAVDESS", "03-01-05-01-02-01-12.wav")
    if found["modality"] == FILM_ONLY:
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
        recording=f"Actor_{found['actor']}/{AUDIO_ONLY}{path.stem[2:]}",
        is_secondary=found["modality"] == WITH_FILM,
    )


CORPUS = Corpus(
    title="RAVDESS",
    citation="Livingstone and Russo (2018), PLoS ONE 13(5): e0196391, https://doi.org/10.1371/journal.pone.0196391",
    licence="CC BY-NC-SA 4.0",
    voices="acted speech, North American English",
    steps=("ser download ravdess",),
    parse=parse,
    n_speakers={"speech": 24, "song": 23},
    expected={
        "speech": {"01": 96, **dict.fromkeys(("02", "03", "04", "05", "06", "07", "08"), 192)},
        "song": {"01": 92, **dict.fromkeys(("02", "03", "04", "05", "06"), 184)},
    },
    archives={
        "speech": Archive(
            f"{RECORD}/files/Audio_Speech_Actors_01-24.zip", 208_468_073, "bc696df654c87fed845eb13823edef8a"
        ),
        "song": Archive(f"{RECORD}/files/Audio_Song_Actors_01-24.zip", 225_505_317, "5411230427d67a21e18aa4d466e6d1b9"),
    },
)
