"""TESS: the Toronto Emotional Speech Set."""

import re
from pathlib import PurePosixPath

from ser.corpora.contract import Corpus
from ser.corpora.naming import Naming, foreign_name

HOMEPAGE = "https://doi.org/10.5683/SP2/E8H2MF"
PATTERN = re.compile(r"(?P<speaker>OAF|OA|YAF)_(?P<word>[a-z]+)_(?P<emotion>[a-z]+)", re.IGNORECASE)


def parse(path: PurePosixPath) -> Naming:
    """Read `SPEAKER_word_emotion` from a file's stem.

    Raises
    ------
    InvalidName
        If the stem has another form.

    Examples
    --------
    >>> naming = parse(PurePosixPath("OAF_angry/OAF_back_angry.wav"))
    >>> naming.speaker, naming.statement, naming.corpus_label
    ('OAF', 'back', 'angry')
    """
    found = PATTERN.fullmatch(path.stem)
    if found is None:
        raise foreign_name("TESS", "OAF_back_angry.wav")
    speaker, word, emotion = found["speaker"].upper(), found["word"].lower(), found["emotion"].lower()
    return Naming(
        corpus_label=emotion,
        speaker="OAF" if speaker == "OA" else speaker,  # one file of every copy is named OA_bite_neutral
        sex="female",
        language="en",
        statement=word,
        vocal_channel="speech",
        recording=f"{speaker}_{word}_{emotion}",
    )


CORPUS = Corpus(
    title="TESS",
    citation=f"Pichora-Fuller and Dupuis (2020), Toronto emotional speech set, {HOMEPAGE}",
    licence="CC BY-NC-ND 4.0",
    voices="acted speech, Canadian English, two women",
    steps=(
        f"open {HOMEPAGE}, choose Access Dataset, Download ZIP, and accept the licence",
        "unpack it into {root}, which then contains the 2800 wav files, in folders or not",
    ),
    parse=parse,
    n_speakers={"speech": 2},
    expected={"speech": dict.fromkeys(("neutral", "happy", "sad", "angry", "fear", "disgust", "ps"), 400)},
)
