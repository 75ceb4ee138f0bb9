"""The embedded demo corpus: synthetic speech in RAVDESS's naming and design, made by tools/make_demo_corpus.py."""

from collections.abc import Mapping

from ser.corpora import ravdess

TITLE = "Demo"
CITATION = "tools/make_demo_corpus.py of this project, with the voices of espeak-ng"
LICENCE = "CC0 1.0"
HOMEPAGE = "data/demo/README.md"
NOTE = "Synthetic speech (espeak-ng): these scores say only that the pipeline works."
STEPS = ("git checkout data/demo",)
KNOWN_DEFECTS: Mapping[str, str] = {}
EXPECTED: Mapping[str, Mapping[str, int]] = {
    "speech": {"01": 24, **dict.fromkeys(("02", "03", "04", "05", "06", "07", "08"), 48)}
}
N_SPEAKERS: Mapping[str, int] = {"speech": 12}

parse = ravdess.parse
