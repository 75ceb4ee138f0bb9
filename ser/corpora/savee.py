"""SAVEE: the Surrey Audio-Visual Expressed Emotion database."""

import re
from pathlib import PurePosixPath

from ser.corpora.contract import Corpus
from ser.corpora.naming import Naming, foreign_name

HOMEPAGE = "http://kahlan.eps.surrey.ac.uk/savee/"
SPEAKERS = ("DC", "JE", "JK", "KL")
PATTERN = re.compile(r"(?:(?P<speaker>DC|JE|JK|KL)_)?(?P<emotion>sa|su|[adfhn])(?P<number>\d\d)")


def parse(path: PurePosixPath) -> Naming:
    """Read `DC/a01` (folder and stem) or `DC_a01` (stem).

    Raises
    ------
    InvalidName
        If the path has neither form.

    Examples
    --------
    >>> naming = parse(PurePosixPath("AudioData/DC/sa01.wav"))
    >>> naming.speaker, naming.corpus_label, naming.recording
    ('DC', 'sa', 'DC/sa01')
    """
    found = PATTERN.fullmatch(path.stem)
    speaker = found and (found["speaker"] or path.parent.name)
    if found is None or speaker not in SPEAKERS:
        raise foreign_name("SAVEE", "DC/a01.wav or DC_a01.wav")
    return Naming(
        corpus_label=found["emotion"],
        speaker=speaker,
        sex="male",
        language="en",
        statement=found["number"],
        vocal_channel="speech",
        recording=f"{speaker}/{found['emotion']}{found['number']}",
    )


CORPUS = Corpus(
    title="SAVEE",
    citation="Haq and Jackson (2010), Multimodal Emotion Recognition, in Machine Audition, IGI Global, 398-423",
    licence="research use, on registration",
    voices="acted speech, British English, four men",
    steps=(
        f"register at {HOMEPAGE} (Download), which sends a password",
        "fetch AudioData.zip there, and unpack it into {root}, which then contains the folders DC, JE, JK and KL",
    ),
    parse=parse,
    n_speakers={"speech": 4},
    expected={"speech": {"n": 120, **dict.fromkeys(("a", "d", "f", "h", "sa", "su"), 60)}},
)
