"""PAVOQUE: expressive speech of one German speaker."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://github.com/marytts/pavoque-data"

CORPUS = Corpus(
    title="PAVOQUE",
    citation="Steiner, Schröder and Klepp (2013), The PAVOQUE corpus, Phonetik und Phonologie 9, 83-84",
    licence="CC BY-NC-SA 4.0",
    voices="acted speech, German, one man",
    steps=(
        f"fetch the flac and yaml files from {HOMEPAGE}/releases",
        "cut them into one file of each utterance: python -m tools.cut_pavoque FOLDER {root}",
    ),
    parse=Pattern(
        "PAVOQUE",
        r"pavoque-(?P<statement>[\w-]+?)-(?P<corpus_label>angry|happy|neutral|poker|sad)",
        example="pavoque-m0372-poker.wav",
        reads={"corpus_label": str.lower},
        language="de",
        sex="male",
        speaker="1",
    ),
    n_speakers={"speech": 1},
    expected={"speech": {"angry": 724, "happy": 746, "neutral": 4344, "poker": 819, "sad": 701}},
)
