"""SUBESCO: the SUST Bangla Emotional Speech Corpus."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import SEX, Pattern

RECORD = "https://zenodo.org/records/4526477"
EMOTIONS = ("ANGRY", "DISGUST", "FEAR", "HAPPY", "NEUTRAL", "SAD", "SURPRISE")

CORPUS = Corpus(
    title="SUBESCO",
    citation="Sultana et al. (2021), PLoS ONE 16(4): e0250173, https://doi.org/10.1371/journal.pone.0250173",
    licence="CC BY 4.0",
    voices="acted speech, Bangla",
    steps=(f"fetch the archive from {RECORD}", "unpack it into {root}"),
    parse=Pattern(
        "SUBESCO",
        r"(?P<recording>(?P<sex>(?P<speaker>[FM]_\d\d))_[A-Z]+_S_(?P<statement>\d+)"
        rf"_(?P<corpus_label>{'|'.join(EMOTIONS)})_(?P<repetition>\d))\]?",  # one name ends with a bracket
        example="F_01_OISHI_S_10_ANGRY_1.wav",
        reads={"corpus_label": str.upper, "sex": SEX},
        language="bn",
    ),
    n_speakers={"speech": 20},
    expected={"speech": dict.fromkeys(EMOTIONS, 1000)},
)
