"""MEAD: the Multi-view Emotional Audio-visual Dataset."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import SEX, Pattern

HOMEPAGE = "https://wywu.github.io/projects/MEAD/MEAD.html"

CORPUS = Corpus(
    title="MEAD",
    citation="Wang et al. (2020), MEAD: a large-scale audio-visual dataset, ECCV, 700-717",
    licence="not stated",
    voices="acted speech in three intensities, English",
    steps=(
        f"fetch the archives of the actors from {HOMEPAGE}",
        "unpack them into {root}, which then contains M003/audio and so on; ffmpeg must be installed to read m4a files",
    ),
    parse=Pattern(
        "MEAD",
        r"(?P<recording>(?P<sex>(?P<speaker>[MW]\d{3}))/audio/"
        r"(?P<corpus_label>angry|contempt|disgusted|fear|happy|neutral|sad|surprised)/(?P<intensity>level_[1-3])/\d+)",
        example="M003/audio/angry/level_1/002.m4a",
        reads={"corpus_label": str.lower, "sex": SEX},
        language="en",
    ),
)
