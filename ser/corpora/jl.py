"""JL corpus: emotions of New Zealand English."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import SEX, Pattern

HOMEPAGE = "https://www.kaggle.com/datasets/tli725/jl-corpus"
PRIMARY = ("angry", "excited", "happy", "neutral", "sad")
SECONDARY = ("anxious", "apologetic", "assertive", "concerned", "encouraging")

CORPUS = Corpus(
    title="JL corpus",
    citation="James, Tian and Watson (2018), An open source emotional speech corpus, Interspeech, 2768-2772",
    licence="CC0 1.0",
    voices="acted speech, New Zealand English",
    steps=(f"fetch the archive from {HOMEPAGE}", "unpack it into {root}"),
    parse=Pattern(
        "JL",
        r"(?P<sex>(?P<speaker>(?:fe)?male[12]))"
        rf"_(?P<corpus_label>{'|'.join(PRIMARY + SECONDARY)})_(?P<statement>\d+[ab])_(?P<repetition>\d)",
        example="female1_angry_10a_1.wav",
        reads={"corpus_label": str.lower, "sex": SEX},
        language="en",
    ),
    n_speakers={"speech": 4},
    expected={"speech": dict.fromkeys(PRIMARY + SECONDARY, 240)},
)
