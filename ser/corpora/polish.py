"""Emotions in Polish speech recordings."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://doi.org/10.34808/h46c-hb44"

CORPUS = Corpus(
    title="Polish",
    citation=f"Mięsikowska and Świsulski (2020), Emotions in Polish speech recordings, {HOMEPAGE}",
    licence="not stated",
    voices="acted words, Polish, five men",
    steps=(f"fetch the archive from {HOMEPAGE}", "unpack it into {root}"),
    parse=Pattern(
        "Polish",
        r"(?P<speaker>m[1-5])\.(?P<corpus_label>[ans])_(?P<statement>[a-z]+)_(?P<repetition>\d)",
        example="m1.a_nie_1.wav",
        reads={"corpus_label": str.lower},
        language="pl",
        sex="male",
    ),
    n_speakers={"speech": 5},
    expected={"speech": {"a": 150, "n": 150, "s": 150}},
)
