"""BanglaSER: a speech emotion recognition dataset for the Bangla language."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://data.mendeley.com/datasets/t9h6p943xy/5"

CORPUS = Corpus(
    title="BanglaSER",
    citation="Das et al. (2022), BanglaSER, Data in Brief 42: 108091, https://doi.org/10.1016/j.dib.2022.108091",
    licence="CC BY 4.0",
    voices="acted speech, Bangla",
    steps=(f"fetch the archive from {HOMEPAGE}", "unpack it into {root}"),
    parse=Pattern(
        "BanglaSER",
        r"03-01-(?P<corpus_label>0[1-5])-(?P<intensity>0[12])-(?P<statement>\d\d)-(?P<repetition>\d\d)"
        r"-(?P<sex>(?P<speaker>\d\d))",
        example="03-01-03-02-01-01-05.wav",
        reads={
            "intensity": {"01": "normal", "02": "strong"}.get,
            "sex": lambda text: "male" if int(text) % 2 else "female",
        },
        language="bn",
    ),
    n_speakers={"speech": 34},
    # Three sentences, three times; neutral: 27 speakers.
    expected={"speech": {"05": 243, **dict.fromkeys(("01", "02", "03", "04"), 306)}},
)
