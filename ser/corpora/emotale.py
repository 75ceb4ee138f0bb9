"""EmoTale: enacted emotions in Danish and English."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://github.com/snehadas/EmoTale"

CORPUS = Corpus(
    title="EmoTale",
    citation="Hjuler et al. (2025), EmoTale: an enacted speech-emotion dataset in Danish, https://arxiv.org/abs/2508.14548",
    licence="not stated",
    voices="acted speech, Danish and English",
    steps=(f"follow the link of {HOMEPAGE} to the recordings", "put them into {root}"),
    parse=Pattern(
        "EmoTale",
        r"(?P<language>DK|EN)_(?P<speaker>\d{3})_(?P<corpus_label>[ABHNS])_(?P<statement>[1-5])",
        example="DK_004_A_5.wav",
        reads={"corpus_label": str.upper, "language": lambda text: "da" if text.upper() == "DK" else "en"},
    ),
    n_speakers={"speech": 18},
    expected={"speech": dict.fromkeys("ABHNS", 160)},
)
