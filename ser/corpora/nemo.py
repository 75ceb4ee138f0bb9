"""nEMO: a dataset of emotional speech in Polish."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://github.com/amu-cai/nEMO"
FEMALE = frozenset(("EB0", "IC0", "KD0", "MK0"))  # by data.tsv; the other five are male

CORPUS = Corpus(
    title="nEMO",
    citation="Christop (2024), nEMO: dataset of emotional speech in Polish, LREC-COLING, https://arxiv.org/abs/2404.06292",
    licence="CC BY-NC-SA 4.0",
    voices="acted speech, Polish",
    steps=(f"git clone --depth 1 {HOMEPAGE} {{root}}",),
    parse=Pattern(
        "nEMO",
        r"(?P<sex>(?P<speaker>[A-Z]{2}\d))"
        r"_(?P<corpus_label>anger|fear|happiness|neutral|sadness|surprised)_(?P<statement>\d+)",
        example="samples/EB0_anger_1.wav",
        reads={"corpus_label": str.lower, "sex": lambda text: "female" if text in FEMALE else "male"},
        language="pl",
    ),
    n_speakers={"speech": 9},
    expected={
        "speech": {
            "anger": 749,
            "fear": 736,
            "happiness": 749,
            "neutral": 809,
            "sadness": 769,
            "surprised": 669,
        }
    },
)
