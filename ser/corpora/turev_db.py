"""TurEV-DB: the Turkish Emotion-Voice Database."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://github.com/Xeonen/TurEV-DB"

CORPUS = Corpus(
    title="TurEV-DB",
    citation="Canpolat, Ormanoğlu and Zeyrek (2020), Turkish emotion voice database, SLTU-CCURL, 368-375",
    licence="CC BY-NC-ND 4.0",
    voices="acted words, Turkish",
    steps=(f"git clone --depth 1 {HOMEPAGE} {{root}}",),
    parse=Pattern(
        "TurEV-DB",
        r"(?P<recording>(?P<corpus_label>Angry|Calm|Happy|Sad)/(?P<speaker>\d{4})_(?P<statement>\w+))",
        example="Sound Source/Angry/1157_kz_acik.wav",
        reads={"corpus_label": str.title},
        language="tr",
    ),
    n_speakers={"speech": 6},
    expected={"speech": {"Angry": 487, "Calm": 408, "Happy": 357, "Sad": 483}},
)
