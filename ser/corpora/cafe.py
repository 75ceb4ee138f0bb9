"""CaFE: the Canadian French Emotional speech dataset."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

RECORD = "https://zenodo.org/records/1478765"

CORPUS = Corpus(
    title="CaFE",
    citation="Gournay, Lahaie and Lefebvre (2018), A Canadian French emotional speech dataset, ACM MMSys, 399-402",
    licence="CC BY-NC-SA 4.0",
    voices="acted speech, Canadian French",
    steps=(f"fetch CaFE_48k.zip from {RECORD}", "unpack it into {root}"),
    parse=Pattern(
        "CaFE",
        r"(?P<sex>(?P<speaker>\d\d))-(?P<corpus_label>[CDJNPST])-(?P<intensity>[12])-(?P<statement>[1-6])",
        example="01-C-1-1.wav",
        reads={
            "sex": lambda text: "male" if int(text) % 2 else "female",
            "corpus_label": str.upper,
            "intensity": {"1": "low", "2": "high"}.get,
        },
        language="fr",
    ),
    n_speakers={"speech": 12},
    expected={"speech": {"N": 72, **dict.fromkeys("CDJPST", 144)}},
)
