"""AESDD: the Acted Emotional Speech Dynamic Database."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern, number

HOMEPAGE = "http://m3c.web.auth.gr/research/aesdd-speech-emotion-recognition/"

CORPUS = Corpus(
    title="AESDD",
    citation="Vryzas et al. (2018), Speech emotion recognition for performance interaction, J. AES 66(6): 457-467",
    licence="not stated",
    voices="acted speech, Greek",
    steps=(
        f"open {HOMEPAGE}, and follow its link to the archive",
        "unpack it into {root}, which then contains the folders anger, disgust, fear, happiness and sadness",
    ),
    parse=Pattern(
        "AESDD",
        r"(?P<corpus_label>[adfhs])(?P<statement>\d\d) \((?P<speaker>\d+)\)(?P<repetition>[ab])?",
        example="anger/a01 (1).wav",
        reads={"corpus_label": str.lower, "speaker": number},
        language="el",
    ),
    n_speakers={"speech": 6},
    expected={"speech": {"a": 121, "d": 122, "f": 120, "h": 119, "s": 122}},
)
