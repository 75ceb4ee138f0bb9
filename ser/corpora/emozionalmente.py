"""Emozionalmente: a crowdsourced Italian speech emotional corpus."""

from pathlib import Path

from ser.corpora.contract import Corpus
from ser.corpora.label_files import completion, found, rows, stem
from ser.corpora.patterns import SEX, Pattern
from ser.corpora.speakers import Completion

RECORD = "https://zenodo.org/records/6569824"
SAMPLES, USERS = "samples.csv", "users.csv"
EMOTIONS = ("anger", "disgust", "fear", "joy", "neutrality", "sadness", "surprise")


def _labels(folder: Path) -> Completion:
    """Emotions and speakers by the tables in the folder metadata.

    Raises
    ------
    ValueError
        If a table is missing or has other columns.
    """
    users = rows(found(folder, USERS)[0], "username", "gender")
    sexes = {row["username"]: SEX(row["gender"]) if row["gender"] else None for row in users}
    samples = rows(found(folder, SAMPLES)[0], "file_name", "actor", "emotion_expressed")
    facts = {
        stem(row["file_name"]): {
            "corpus_label": row["emotion_expressed"],
            "speaker": row["actor"],
            "sex": sexes.get(row["actor"]),
        }
        for row in samples
    }
    return completion(facts, SAMPLES)


CORPUS = Corpus(
    title="Emozionalmente",
    citation=f"Catania (2022), Emozionalmente: a crowdsourced Italian speech emotional corpus, {RECORD}",
    licence="CC BY 4.0",
    voices="acted speech of 431 amateurs, Italian",
    steps=(f"fetch emozionalmente_dataset.zip from {RECORD}", "unpack it into {root}"),
    parse=Pattern("Emozionalmente", r"\d+", example="audio/1612871026347.wav", language="it"),
    labels=_labels,
    n_speakers={"speech": 431},
    expected={"speech": dict.fromkeys(EMOTIONS, 986)},
)
