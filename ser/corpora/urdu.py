"""URDU: emotional utterances of Urdu talk shows."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://github.com/siddiquelatif/URDU-Dataset"

CORPUS = Corpus(
    title="URDU",
    citation="Latif et al. (2018), Cross lingual speech emotion recognition: Urdu vs. Western languages, FIT, 88-93",
    licence="research use",
    voices="natural speech of talk shows, Urdu",
    steps=(f"git clone --depth 1 {HOMEPAGE} {{root}}",),
    parse=Pattern(
        "URDU",
        r"(?P<speaker>S(?P<sex>[FM])\d+)_F(?P<statement>\d+)_(?P<corpus_label>[AHNS])\d+",
        example="Angry/SM1_F10_A010.wav",
        reads={"corpus_label": str.upper, "sex": {"F": "female", "M": "male"}.get},
        language="ur",
    ),
    n_speakers={"speech": 29},  # in the names; its page counts 38
    expected={"speech": dict.fromkeys("AHNS", 100)},
)
