"""Demo corpus of synthetic speech, with the naming and design of RAVDESS, made by tools/make_demo_corpus.py."""

from ser.corpora import ravdess
from ser.corpora.contract import Corpus

CORPUS = Corpus(
    title="Demo",
    citation="tools/make_demo_corpus.py of this project, with the voices of espeak-ng",
    licence="CC0 1.0",
    voices="synthetic speech, no people",
    steps=("git checkout data/demo",),
    parse=ravdess.parse,
    note="Synthetic speech (espeak-ng): these scores show only that the pipeline works.",
    n_speakers={"speech": 12},
    expected={"speech": {"01": 24, **dict.fromkeys(("02", "03", "04", "05", "06", "07", "08"), 48)}},
    is_included=True,
)
