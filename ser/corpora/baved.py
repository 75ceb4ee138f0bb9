"""BAVED: the Basic Arabic Vocal Emotions Dataset, which has levels of emotion."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import SEX, Pattern

HOMEPAGE = "https://github.com/40uf411/Basic-Arabic-Vocal-Emotions-Dataset"

CORPUS = Corpus(
    title="BAVED",
    citation=f"Aouf (2019), Basic Arabic vocal emotions dataset, {HOMEPAGE}",
    licence="not stated",
    voices="acted words, Arabic",
    steps=(f"git clone --depth 1 {HOMEPAGE} {{root}}",),
    parse=Pattern(
        "BAVED",
        r"(?P<speaker>\d+)-(?P<sex>[fm])-\d+-(?P<statement>[0-6])-(?P<corpus_label>[0-2])-\d+",
        example="2/55-m-16-2-0-778.wav",
        reads={"sex": SEX},
        language="ar",
    ),
    n_speakers={"speech": 60},  # in the names; its page counts 61
    expected={"speech": {"0": 585, "1": 672, "2": 678}},
)
