"""Oréau: a French emotional speech database, version 2."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import SEX, Pattern

RECORD = "https://zenodo.org/records/4405783"

CORPUS = Corpus(
    title="Oréau",
    citation=f"Kerkeni, Cleder, Serrestou and Raoof (2020), French emotional speech database Oréau, {RECORD}",
    licence="CC BY 4.0",  # by three lists of corpora; one adds that others state NC, and its page was not read
    voices="acted speech, French",
    steps=(f"fetch OréauFR_02 from {RECORD}", "unpack it into {root}, which then contains OréauFR_02/f and /m"),
    parse=Pattern(
        "Oréau",
        r"(?:(?P<sex>[fm])/sess[cdjnpst]/)?"
        r"(?P<recording>(?P<speaker>\d\d)(?P<statement>[a-z]\d\d)(?P<corpus_label>[CDJNPST])(?P<repetition>[a-z]))",
        example="OréauFR_02/f/sessc/10a01Ca.wav",
        reads={"corpus_label": str.upper, "sex": SEX},
        language="fr",
    ),
    n_speakers={"speech": 32},
    expected={"speech": {"C": 67, "D": 67, "J": 62, "N": 70, "P": 51, "S": 62, "T": 55}},
)
