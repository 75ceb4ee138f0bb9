"""ESD: the Emotional Speech Dataset for synthesis and conversion of voices."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://github.com/HLTSingapore/Emotional-Speech-Data"
N_CHINESE = 10  # speakers 0001 to 0010; the others speak English
EMOTIONS = ("Angry", "Happy", "Neutral", "Sad", "Surprise")

CORPUS = Corpus(
    title="ESD",
    citation="Zhou et al. (2022), Emotional voice conversion, Speech Communication 137: 1-18",
    licence="research use, on a signed licence",
    voices="acted speech, Mandarin and English",
    steps=(f"sign the licence at {HOMEPAGE}, and fetch the archive there", "unpack it into {root}"),
    parse=Pattern(
        "ESD",
        r"\d{4}/(?P<corpus_label>Angry|Happy|Neutral|Sad|Surprise)/(?:(?:train|test|evaluation)/)?"
        r"(?P<recording>(?P<language>(?P<speaker>\d{4}))_\d{6})",
        example="0001/Angry/0001_000351.wav",
        reads={"corpus_label": str.title, "language": lambda text: "zh" if int(text) <= N_CHINESE else "en"},
    ),
    n_speakers={"speech": 20},
    expected={"speech": dict.fromkeys(EMOTIONS, 7000)},
)
