"""IEMOCAP: the Interactive Emotional Dyadic Motion Capture database."""

import re
from pathlib import Path

from ser.core import files
from ser.corpora.contract import Corpus
from ser.corpora.label_files import completion
from ser.corpora.patterns import SEX, Pattern
from ser.corpora.speakers import Completion

HOMEPAGE = "https://sail.usc.edu/iemocap/"
FOLDER = "EmoEvaluation"
LINE = re.compile(r"^\[[\d.]+ - [\d.]+\]\t(Ses\w+)\t([a-z]{3})\t", re.MULTILINE)


def _labels(folder: Path) -> Completion:
    """Emotions by the lines `[6.29 - 8.23] Ses01F_impro01_F000 neu ...` of the evaluation files.

    Raises
    ------
    ValueError
        If there is no such line.
    """
    facts: dict[str, dict[str, str | None]] = {}
    for path in files.walk(folder):
        if path.parent.name == FOLDER and path.suffix == ".txt":
            text = path.read_text(encoding="utf-8", errors="replace")
            facts |= {name: {"corpus_label": label} for name, label in LINE.findall(text)}
    if not facts:
        raise ValueError(
            f"{folder} has no Session*/dialog/{FOLDER}/*.txt, which states the emotions of the recordings; put it there"
        )
    return completion(facts, FOLDER)


CORPUS = Corpus(
    title="IEMOCAP",
    citation="Busso et al. (2008), IEMOCAP, Lang. Resources and Evaluation 42: 335-359",
    licence="academic use, on a signed licence",
    voices="acted and improvised dialogues, American English",
    steps=(f"sign the licence at {HOMEPAGE}", "unpack the release into {root}, which then contains Session1 to 5"),
    parse=Pattern(
        "IEMOCAP",
        r"(?P<speaker>(?P<recording>Ses\d\d[FM]_\w+_(?P<sex>[FM])\w*))",
        example="Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav",
        reads={"speaker": lambda text: text[3:5] + text.rpartition("_")[2][0], "sex": SEX},
        language="en",
    ),
    labels=_labels,
    others="(^|/)dialog/",  # whole dialogues and films
    n_speakers={"speech": 10},
    # EmoBox lists those of ang, exc, hap, neu and sad. The others are by statistics that two users of the release have
    # published; the sum is the 10,039 of the paper.
    expected={
        "speech": {
            "ang": 1103,
            "dis": 2,
            "exc": 1041,
            "fea": 40,
            "fru": 1849,
            "hap": 595,
            "neu": 1708,
            "oth": 3,
            "sad": 1084,
            "sur": 107,
            "xxx": 2507,
        }
    },
)
