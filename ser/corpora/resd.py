"""RESD: Russian Emotional Speech Dialogs."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://huggingface.co/datasets/Aniemore/resd_annotated"

CORPUS = Corpus(
    title="RESD",
    citation=f"Aniemore: Russian Emotional Speech Dialogs, {HOMEPAGE}",
    licence="MIT",
    voices="acted dialogues, Russian; the names do not state who speaks",
    steps=(f"fetch the recordings from {HOMEPAGE}", "put them into {root}, in the folders train and test"),
    parse=Pattern(
        "RESD",
        r"(?P<recording>\d+_[a-z]+_[a-z]+[_ ](?P<corpus_label>[adefhns])_(?P<statement>\d+))",
        example="test/04_fear_enthusiasm/04_fear_enthusiasm e_010.wav",
        reads={"corpus_label": str.lower},
        language="ru",
    ),
    n_speakers={"speech": 0},
    expected={"speech": {"a": 219, "d": 185, "e": 198, "f": 223, "h": 218, "n": 191, "s": 162}},
)
