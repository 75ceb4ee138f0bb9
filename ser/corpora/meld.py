"""MELD: the Multimodal EmotionLines Dataset, of the series Friends."""

import re
from pathlib import Path, PurePosixPath

from ser.corpora.contract import Corpus
from ser.corpora.label_files import completion, found, rows
from ser.corpora.naming import Naming, foreign_name
from ser.corpora.speakers import Completion

HOMEPAGE = "https://github.com/declare-lab/MELD"
PATTERN = re.compile(r"(?P<copy>final_videos_test)?(?P<utterance>dia\d+_utt\d+)")
PARTS = ("train", "dev", "test")  # in the name of a folder, and of a table
TABLE = "{}_sent_emo.csv"


def parse(path: PurePosixPath) -> Naming:
    """Read the part of the corpus from a file's folders, and dialogue and utterance from its stem.

    Raises
    ------
    InvalidName
        If the stem has another form, or no folder names the part.

    Examples
    --------
    >>> parse(PurePosixPath("train/train_splits/dia0_utt0.mp4")).recording
    'train/dia0_utt0'
    """
    match = PATTERN.fullmatch(path.stem)
    part = next((part for name in reversed(path.parts[:-1]) for part in PARTS if part in name.lower()), None)
    if match is None or part is None:
        raise foreign_name("MELD", "train_splits/dia0_utt0.mp4")
    return Naming(
        corpus_label="",
        language="en",
        vocal_channel="speech",
        partition=part,
        recording=f"{part}/{match['utterance']}",
        is_secondary=match["copy"] is not None,
    )


def _labels(folder: Path) -> Completion:
    """Emotions and speakers by the three tables.

    Raises
    ------
    ValueError
        If a table is missing or has other columns.
    """
    facts: dict[str, dict[str, str | None]] = {}
    for part in PARTS:
        table = rows(found(folder, TABLE.format(part))[0], "Dialogue_ID", "Utterance_ID", "Speaker", "Emotion")
        for row in table:
            name = f"{part}/dia{row['Dialogue_ID']}_utt{row['Utterance_ID']}"
            facts[name] = {"corpus_label": row["Emotion"], "speaker": row["Speaker"] or None}
    return completion(facts, TABLE.format("*"))


CORPUS = Corpus(
    title="MELD",
    citation="Poria et al. (2019), MELD, ACL, 527-536, https://doi.org/10.18653/v1/P19-1050",
    licence="GPL 3.0",
    voices="acted dialogues of television, American English",
    steps=(
        f"follow {HOMEPAGE} to MELD.Raw.tar.gz and the three tables {TABLE.format('*')}",
        "unpack all into {root}; ffmpeg must be installed to read the films",
    ),
    parse=parse,
    labels=_labels,
)
