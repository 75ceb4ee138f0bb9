"""EmoDB: the Berlin Database of Emotional Speech."""

import re
from pathlib import PurePosixPath

from ser.corpora.contract import Corpus
from ser.corpora.naming import Naming, foreign_name

HOMEPAGE = "http://emodb.bilderbar.info"
SEX = {
    **dict.fromkeys(("03", "10", "11", "12", "15"), "male"),
    **dict.fromkeys(("08", "09", "13", "14", "16"), "female"),
}
PATTERN = re.compile(r"(?P<speaker>\d\d)(?P<text>[ab]\d\d)(?P<emotion>[A-Z])(?P<take>[a-z])")


def parse(path: PurePosixPath) -> Naming:
    """Read speaker, text, emotion letter and take from a file's stem such as `03a01Fa`.

    Raises
    ------
    InvalidName
        If the stem has another form, or an unknown speaker.

    Examples
    --------
    >>> naming = parse(PurePosixPath("wav/03a01Fa.wav"))
    >>> naming.speaker, naming.statement, naming.corpus_label, naming.repetition
    ('03', 'a01', 'F', 'a')
    """
    found = PATTERN.fullmatch(path.stem)
    if found is None or found["speaker"] not in SEX:
        raise foreign_name("EmoDB", "03a01Fa.wav")
    return Naming(
        corpus_label=found["emotion"],
        speaker=found["speaker"],
        sex=SEX[found["speaker"]],
        language="de",
        statement=found["text"],
        repetition=found["take"],
        vocal_channel="speech",
        recording=path.stem,
    )


CORPUS = Corpus(
    title="EmoDB",
    citation="Burkhardt et al. (2005), A database of German emotional speech, Interspeech, 1517-1520",
    licence="CC0 1.0",
    voices="acted speech, German",
    steps=(
        f"fetch {HOMEPAGE}/download/download.zip",
        "unpack it into {root}, which then contains the folder wav (lablaut and the others are not needed)",
    ),
    parse=parse,
    n_speakers={"speech": 10},
    expected={"speech": {"W": 127, "L": 81, "E": 46, "A": 69, "F": 71, "T": 62, "N": 79}},
)
