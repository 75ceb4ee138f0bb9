"""EMNS: the Emotive Narrative Storytelling corpus, of one speaker."""

from pathlib import Path

from ser.corpora.contract import Corpus
from ser.corpora.label_files import completion, found, rows, stem
from ser.corpora.patterns import Pattern
from ser.corpora.speakers import Completion

HOMEPAGE = "https://www.openslr.org/136/"
TABLE = "metadata.csv"


def _labels(folder: Path) -> Completion:
    """Emotions and levels by the table.

    Raises
    ------
    ValueError
        If the table is missing or has other columns.
    """
    table = rows(found(folder, TABLE)[0], "audio_recording", "emotion", delimiter="|")
    facts = {
        stem(row["audio_recording"]): {"corpus_label": row["emotion"], "intensity": row.get("level")} for row in table
    }
    return completion(facts, TABLE)


CORPUS = Corpus(
    title="EMNS",
    citation="Noriy, Yang and Zhang (2023), EMNS /Imz/ corpus, https://arxiv.org/abs/2305.13137",
    licence="Apache 2.0",
    voices="acted narration, British English, one woman",
    steps=(
        f"fetch cleaned_webm.tar.xz and {TABLE} from {HOMEPAGE}",
        "unpack both into {root}; ffmpeg must be installed to read webm files",
    ),
    parse=Pattern(
        "EMNS",
        r"recorded_audio(?:_\w+)?",
        example="recorded_audio_02jmPGL.webm",
        language="en",
        sex="female",
        speaker="1",
    ),
    labels=_labels,
    n_speakers={"speech": 1},
)
