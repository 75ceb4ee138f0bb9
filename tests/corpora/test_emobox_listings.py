"""Readers find the label of every name of the corpora that EmoBox lists, and the published counts."""

import csv
from collections import Counter
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from ser import corpora
from ser.corpora.naming import Naming

pytestmark = pytest.mark.real

LISTINGS = {  # listing -> reader
    **{name: name for name in ("aesdd", "ased", "cafe", "casia", "emodb", "emovo", "enterface", "esd", "mesd")},
    **{name: name for name in ("oreau", "polish", "ravdess", "savee", "shemo", "subesco", "tess", "urdu")},
    "cremad": "crema_d",
    "turevdb": "turev_db",
}
WORDS = {  # listing whose labels are not the codes of the corpus -> its label -> code
    "emodb": {"anger": "W", "boredem": "L", "disgust": "E", "fear": "A", "happy": "F", "neutral": "N", "sad": "T"},
    "ravdess": dict(
        zip(
            ("Neutral", "Calm", "Happy", "Sad", "Angry", "Fearful", "Disgust", "Surprised"),
            (f"{code:02}" for code in range(1, 9)),
            strict=True,
        )
    ),
    "shemo": {"angry": "A", "fearful": "F", "happy": "H", "neutral": "N", "sad": "S", "surprised": "W"},
}
NOT_LISTED = {  # listing -> code -> published recordings that it lacks
    "mesd": {"Anger": 1, "Neutral": 1},
    "shemo": {"A": 25, "F": 9, "H": 3, "N": 10, "S": 89, "W": 26},
}
PER_SPEAKER = {  # listing -> number of recordings of each speaker, if all have the same
    "cafe": 78,
    "casia": 300,
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


@cache
def listed(root: Path, listing: str) -> tuple[tuple[Naming, str], ...]:
    """Naming and label of each name of a listing."""
    parse = corpora.corpus(LISTINGS[listing]).parse
    with (root / "file_lists" / "emobox" / f"{listing}.csv").open(encoding="utf-8", newline="") as file:
        return tuple((parse(PurePosixPath(row["path"])), row["label"]) for row in csv.DictReader(file))


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
    found = Counter(naming.corpus_label for naming in namings)
    assert found + Counter(NOT_LISTED.get(listing, {})) == module.expected["speech"]
    assert len({naming.recording for naming in namings}) == len(namings)


@pytest.mark.parametrize("listing", LISTINGS)
def test_a_listing_has_the_expected_speakers(corpora_root: Path, listing: str) -> None:
    counts = Counter(naming.speaker for naming, _ in listed(corpora_root, listing))
    del counts[None]
    assert len(counts) == corpora.corpus(LISTINGS[listing]).n_speakers["speech"]
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
    [("ased", 25), ("cafe", 6), ("emovo", 3), ("polish", 0), ("subesco", 10), ("urdu", 11)],
)
def test_sexes_are_as_published(corpora_root: Path, listing: str, n_female: int) -> None:
    sexes = {naming.speaker: naming.sex for naming, _ in listed(corpora_root, listing)}
    assert Counter(sexes.values())["female"] == n_female
