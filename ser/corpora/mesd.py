"""MESD: the Mexican Emotional Speech Database."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import SEX, Pattern

HOMEPAGE = "https://data.mendeley.com/datasets/cy34mh68j9/5"

CORPUS = Corpus(
    title="MESD",
    citation="Duville, Alonso-Valerdi and Ibarra-Zarate (2021), The Mexican emotional speech database, IEEE EMBC",
    licence="CC BY 4.0",
    voices="acted words, Mexican Spanish; 3 women, 2 men and 6 children, whom the names do not tell apart",
    steps=(f"fetch the archive from {HOMEPAGE}", "unpack it into {root}"),
    parse=Pattern(
        "MESD",
        r"(?P<corpus_label>Anger|Disgust|Fear|Happiness|Neutral|Sadness)_(?P<sex>[CFM])_(?P<statement>[AB]_\w+)",
        example="Anger_C_A_abajo.wav",
        reads={"corpus_label": str.title, "sex": SEX},
        language="es",
    ),
    n_speakers={"speech": 0},
    expected={"speech": dict.fromkeys(("Anger", "Disgust", "Fear", "Happiness", "Neutral", "Sadness"), 144)},
)
