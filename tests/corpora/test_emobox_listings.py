"""Readers find the label of every name of the corpora that EmoBox lists, and the published counts."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ser import corpora
from ser.corpora.naming import Naming
from ser.protocol import emobox

pytestmark = pytest.mark.real
Rows = Sequence[tuple[PurePosixPath, str]]

LISTINGS = {listing: corpus for corpus, listing in emobox.NAMES.items() if corpus != "pavoque"}  # listing -> reader
RESD = ("anger", "disgust", "enthusiasm", "fear", "happiness", "neutral", "sadness")
WORDS = {  # listing whose labels are not the codes of the corpus -> its label -> code
    "emns": {"Surprise": "Surprised"},
    "emodb": {"anger": "W", "boredem": "L", "disgust": "E", "fear": "A", "happy": "F", "neutral": "N", "sad": "T"},
    "ravdess": dict(
        zip(
            ("Neutral", "Calm", "Happy", "Sad", "Angry", "Fearful", "Disgust", "Surprised"),
            (f"{code:02}" for code in range(1, 9)),
            strict=True,
        )
    ),
    "resd": dict(zip(RESD, "adefhns", strict=True)),
    "shemo": {"angry": "A", "fearful": "F", "happy": "H", "neutral": "N", "sad": "S", "surprised": "W"},
}
NOT_LISTED = {  # listing -> code -> published recordings that it lacks
    "iemocap": {"dis": 2, "fea": 40, "fru": 1849, "oth": 3, "sur": 107, "xxx": 2507},
    "mesd": {"Anger": 1, "Neutral": 1},
    "shemo": {"A": 8, "F": 3, "H": 5, "N": 142, "S": 2, "W": 2},
}
PER_SPEAKER = {  # listing -> number of recordings of each speaker, if all have the same
    "cafe": 78,
    "casia": 300,
    "jlcorpus": 600,
    "emovo": 98,
    "esd": 1750,
    "polish": 90,
    "ravdess": 60,
    "savee": 120,
    "subesco": 350,
    "tess": 1400,
}
SPEAKERS = {  # listing -> recordings of each speaker
    "aesdd": {"1": 100, "2": 100, "3": 98, "4": 99, "5": 107, "6": 100},
    "turevdb": {"1157": 150, "1234": 328, "1358": 328, "1984": 328, "6783": 328, "7895": 273},
    "enterface": {str(k): {6: 6, 23: 27}.get(k, 30) for k in range(1, 45) if k != 12},
}


def emns(folder: Path, rows: Rows) -> None:
    lines = [f"{k}|{label.replace('Surprise', 'Surprised')}|5|wavs/{path.name}" for k, (path, label) in enumerate(rows)]
    (folder / "metadata.csv").write_text("\n".join(["id|emotion|level|audio_recording", *lines]))


def emozionalmente(folder: Path, rows: Rows) -> None:
    samples = [f"{path.name},user{k % 431},a sentence,{label}" for k, (path, label) in enumerate(rows)]
    users = [f"user{k},{('f', 'm')[k % 2]},30" for k in range(431)]
    (folder / "samples.csv").write_text("\n".join(["file_name,actor,sentence,emotion_expressed", *samples]))
    (folder / "users.csv").write_text("\n".join(["username,gender,age", *users]))


def iemocap(folder: Path, rows: Rows) -> None:
    evaluation = folder / "Session1" / "dialog" / "EmoEvaluation"
    evaluation.mkdir(parents=True)
    lines = [f"[6.2901 - 8.2357]\t{path.stem}\t{label}\t[2.5, 2.5, 2.5]\nC-E2:\tNeutral;\t()" for path, label in rows]
    (evaluation / "Ses01F_impro01.txt").write_text("% [START_TIME - END_TIME] TURN_NAME EMOTION\n\n" + "\n".join(lines))


def m3ed(folder: Path, rows: Rows) -> None:
    content: dict[str, Any] = {}
    for path, label in rows:
        letter, _, utterance = path.stem.partition("_")
        clip = content.setdefault(utterance.split("_")[0], {}).setdefault(utterance.rpartition("_")[0], {})
        clip.setdefault("SpeakerInfo", {})[letter] = {"Name": f"name of {letter}"}
        said = {"Speaker": letter, "EmoAnnotation": {"final_main_emo": label}}
        clip.setdefault("Dialog", {})[utterance] = said
    (folder / "annotation.json").write_text(json.dumps(content))


def meld(folder: Path, rows: Rows) -> None:
    for part in ("train", "dev", "test"):
        lines = ["Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID"]
        for path, label in rows:
            if f"/{part}_" in f"/{path}" or f"_{part}/" in str(path):
                dialogue, _, utterance = path.stem.partition("_")
                lines.append(
                    f'1,"Oh, my",Joey,{label},x,{dialogue.removeprefix("dia")},{utterance.removeprefix("utt")}'
                )
        (folder / f"{part}_sent_emo.csv").write_text("\n".join(lines))


def msppodcast(folder: Path, rows: Rows) -> None:
    content = {path.name: {"EmoClass": label, "SpkrID": "Unknown", "Gender": "Female"} for path, label in rows}
    (folder / "labels_consensus.json").write_text(json.dumps(content))


SIDE_FILES: dict[str, Callable[[Path, Rows], None]] = {  # listing -> writes the files that state its labels
    function.__name__: function for function in (emns, emozionalmente, iemocap, m3ed, meld, msppodcast)
}


@cache
def listed(root: Path, listing: str) -> tuple[tuple[Naming, str], ...]:
    """Naming and label of each name of a listing."""
    known = corpora.corpus(LISTINGS[listing])
    with (root / "file_lists" / "emobox" / f"{listing}.csv").open(encoding="utf-8", newline="") as file:
        rows = [(PurePosixPath(row["path"]), row["label"]) for row in csv.DictReader(file)]
    namings = [(path, known.parse(path)) for path, _ in rows]
    if known.labels is not None:
        with TemporaryDirectory() as folder:
            SIDE_FILES[listing](Path(folder), rows)
            complete = known.labels(Path(folder))
        namings = [(path, complete(path, naming)) for path, naming in namings]
    return tuple((naming, label) for (_, naming), (_, label) in zip(namings, rows, strict=True))


@pytest.mark.parametrize("listing", LISTINGS)
def test_the_label_of_every_listed_name_is_read(corpora_root: Path, listing: str) -> None:
    codes = WORDS.get(listing, {})
    wrong = [
        (naming.recording, naming.corpus_label, label)
        for naming, label in listed(corpora_root, listing)
        if naming.corpus_label.casefold() != codes.get(label, label).casefold()
    ]
    assert wrong == []


@pytest.mark.parametrize("listing", LISTINGS)
def test_a_listing_has_the_expected_counts_and_each_recording_once(corpora_root: Path, listing: str) -> None:
    namings = [naming for naming, _ in listed(corpora_root, listing)]
    module = corpora.corpus(LISTINGS[listing])
    found = Counter((naming.vocal_channel, naming.corpus_label) for naming in namings)
    found += Counter({("speech", label): count for label, count in NOT_LISTED.get(listing, {}).items()})
    expected = {(channel, label): n for channel, counts in module.expected.items() for label, n in counts.items()}
    assert found == {key: count for key, count in expected.items() if key[0] != "song"} or not expected
    assert len({naming.recording for naming in namings}) == len(namings)


@pytest.mark.parametrize("listing", LISTINGS)
def test_a_listing_has_the_expected_speakers(corpora_root: Path, listing: str) -> None:
    namings = [naming for naming, _ in listed(corpora_root, listing) if naming.speaker is not None]
    counts = Counter(naming.speaker for naming in namings)
    n_speakers = corpora.corpus(LISTINGS[listing]).n_speakers
    if n_speakers:
        assert len({one.speaker for one in namings if one.vocal_channel == "speech"}) == n_speakers["speech"]
    if listing in PER_SPEAKER:
        assert set(counts.values()) == {PER_SPEAKER[listing]}
    assert counts == SPEAKERS.get(listing, counts)


@pytest.mark.parametrize("listing", LISTINGS)
def test_no_speaker_of_a_listing_has_two_sexes(corpora_root: Path, listing: str) -> None:
    pairs = {(naming.speaker, naming.sex) for naming, _ in listed(corpora_root, listing) if naming.speaker}
    assert len(pairs) == len({speaker for speaker, _ in pairs})
    assert {naming.sex for naming, _ in listed(corpora_root, listing)} <= {"female", "male", None}


@pytest.mark.parametrize(
    ("listing", "n_female"),
    [
        ("ased", 25),
        ("cafe", 6),
        ("emovo", 3),
        ("polish", 0),
        ("subesco", 10),
        ("urdu", 11),
        ("mead", 21),
        ("iemocap", 5),
    ],
)
def test_sexes_are_as_published(corpora_root: Path, listing: str, n_female: int) -> None:
    sexes = {naming.speaker: naming.sex for naming, _ in listed(corpora_root, listing)}
    assert Counter(sexes.values())["female"] == n_female
