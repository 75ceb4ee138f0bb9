"""eNTERFACE'05: an audio-visual emotion database."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://enterface.net/enterface05/main.php?frame=emotion"
# The files of subject 11 are named s12, some of subject 3 are named s_3, and subject 6 has one film of each emotion.

CORPUS = Corpus(
    title="eNTERFACE'05",
    citation="Martin et al. (2006), The eNTERFACE'05 audio-visual emotion database, ICDE Workshops",
    licence="research use",
    voices="induced speech, English, of many accents",
    steps=(
        f"fetch the archive from {HOMEPAGE}",
        "unpack it into {root}; ffmpeg must be installed to read avi files",
    ),
    parse=Pattern(
        "eNTERFACE",
        r"(?P<recording>subject (?P<speaker>\d+)/[a-z]+/(?:sentence (?P<statement>\d)/)?"
        r"s_?\d+_(?P<corpus_label>an|di|fe|ha|sa|su)(?:_\d)?)(?:avi)?",
        example="subject 1/anger/sentence 1/s1_an_1.wav",
        reads={"corpus_label": str.lower, "recording": str.lower},
        language="en",
    ),
    n_speakers={"speech": 43},
    expected={"speech": {"ha": 208, **dict.fromkeys(("an", "di", "fe", "sa", "su"), 211)}},
)
