"""Real recordings of six corpora, read together; the counts are those of their README."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ser import corpora
from ser.audio import reading
from ser.core import tables
from ser.ingest import inventory, utterance_table
from ser.ingest.counts import Tally
from tests.support.small_corpora import Ingested, ingested

pytestmark = [pytest.mark.real, pytest.mark.slow]

N_UTTERANCES = {"crema_d": 323, "emodb": 535, "ravdess": 1440 + 88, "savee": 84, "tess": 85}
EQUAL = {  # copy -> first utterance with the same samples
    "ravdess/Actor_07/03-01-03-01-02-02-07": "ravdess/Actor_07/03-01-03-01-02-01-07",
}
SIX = ("angry", "disgust", "fearful", "happy", "neutral", "sad")


@pytest.fixture(scope="module")
def linked(corpora_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One root with all corpora by links, RAVDESS's speech and song together."""
    root = tmp_path_factory.mktemp("raw")
    for name in ("crema_d", "emodb", "savee", "tess"):
        (root / name).symlink_to(corpora_root / name)
    (root / "ravdess").mkdir()
    (root / "ravdess" / "speech").symlink_to(corpora_root / "ravdess")
    (root / "ravdess" / "song").symlink_to(corpora_root / "ravdess_song")
    return root


@pytest.fixture(scope="module")
def real(linked: Path) -> Ingested:
    return ingested(linked, "corpus=combined", "corpus.members.ravdess.vocal_channels=null")


def rows(real: Ingested, corpus: str, channel: str = "speech") -> pd.DataFrame:
    table = real.utterances
    return table[(table["corpus"] == corpus) & (table["vocal_channel"] == channel)]


@pytest.fixture(scope="module")
def speech(real: Ingested) -> dict[str, Any]:
    """Report of RAVDESS's speech without song."""
    tally = Tally()
    tally.add(rows(real, "ravdess"))
    return tally.report()


def test_every_file_except_the_defective_ones_becomes_an_utterance(real: Ingested) -> None:
    utterances, report = real
    tables.UTTERANCES.validate(utterances)
    assert utterances["utterance"].is_unique
    assert report["per_corpus"] == N_UTTERANCES
    assert report["n_speakers"] == 24 + 10 + 4 + 4 + 2
    defects = {Path(path).stem: defect for path, defect in report["known_defects"].items()}
    assert defects == corpora.corpus("crema_d").known_defects
    assert (report["rejects"], report["copies"], report["not_selected"]) == ([], {}, {})


def test_sample_rates_are_those_of_the_originals(real: Ingested) -> None:
    rates = {name: Counter(table["sample_rate"]) for name, table in real.utterances.groupby("corpus")}
    assert rates == {
        "crema_d": {16_000: 323},
        "emodb": {16_000: 535},
        "ravdess": {48_000: 1528},
        "savee": {44_100: 84},
        "tess": {24_414: 84, 96_000: 1},
    }


def test_equal_audio_is_found_under_all_its_names(real: Ingested) -> None:
    assert real.report["duplicates"] == EQUAL


def test_the_equal_pairs_of_crema_d_are_named_where_they_are_not_known(
    linked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = corpora.corpus("crema_d")
    silent = {"1076_MTI_SAD_XX": "silent"}
    monkeypatch.setattr(corpora, "corpus", lambda _: replace(known, known_defects=silent))
    with pytest.raises(utterance_table.InvalidCorpus) as raised:
        ingested(linked / "crema_d", "corpus=crema_d")
    assert {Path(reject.path).stem for reject in raised.value.rejects} == set(known.known_defects) - set(silent)


def test_ravdess_speech_has_1440_utterances_of_24_speakers(speech: dict[str, Any]) -> None:
    assert (speech["n_utterances"], speech["n_speakers"]) == (1440, 24)
    assert speech["per_emotion"] == {
        emotion: 96 if emotion == "neutral" else 192 for emotion in sorted(tables.EMOTIONS[:8])
    }
    assert set(speech["per_speaker"].values()) == {60}
    assert speech["per_sex"] == {"female": 720, "male": 720}


def test_ravdess_speech_is_mono_except_for_five_files(speech: dict[str, Any]) -> None:
    assert speech["per_channels"] == {"1": 1435, "2": 5}


def test_ravdess_song_has_two_speakers_and_six_emotions(real: Ingested) -> None:
    song = rows(real, "ravdess", "song")
    assert song["speaker"].value_counts().to_dict() == {"ravdess/01": 44, "ravdess/02": 44}
    assert song["emotion"].value_counts().to_dict() == {
        "neutral": 8,
        **dict.fromkeys(("calm", "happy", "sad", "angry", "fearful"), 16),
    }


def test_emodb_has_seven_german_emotion_labels(real: Ingested) -> None:
    emodb = rows(real, "emodb")
    assert emodb["emotion"].value_counts().to_dict() == {
        "angry": 127,
        "boredom": 81,
        "neutral": 79,
        "happy": 71,
        "fearful": 69,
        "sad": 62,
        "disgust": 46,
    }
    assert set(emodb["language"]) == {"de"}
    assert emodb["sex"].value_counts().to_dict() == {"female": 302, "male": 233}


def test_tess_has_six_words_of_each_speaker_and_emotion_and_the_misnamed_file(real: Ingested) -> None:
    tess = rows(real, "tess").set_index("utterance")
    assert tess.loc["tess/OA_bite_neutral", ["speaker", "statement"]].tolist() == ["tess/OAF", "bite"]
    others = tess.drop("tess/OA_bite_neutral")
    counts = others.groupby(["speaker", "emotion"]).size()
    assert set(counts) == {6}
    assert {emotion for _, emotion in counts.index} == {*SIX, "pleasant_surprise"}
    assert len(counts) == 2 * 7


def test_savee_has_three_sentences_of_each_speaker_and_emotion(real: Ingested) -> None:
    counts = rows(real, "savee").groupby(["speaker", "emotion"]).size()
    assert (len(counts), set(counts)) == (4 * 7, {3})
    assert {emotion for _, emotion in counts.index} == {*SIX, "surprised"}


def test_crema_d_has_four_speakers(real: Ingested) -> None:
    crema_d = rows(real, "crema_d")
    sexes = crema_d.groupby("speaker")["sex"].agg(["size", "first"])
    assert {name.removeprefix("crema_d/"): (row["size"], row["first"]) for name, row in sexes.iterrows()} == {
        "1001": (82, "male"),
        "1002": (81, "female"),
        "1006": (80, "female"),
        "1013": (80, "female"),
    }
    assert set(crema_d["emotion"]) == set(SIX)


def test_the_common_labels_keep_four_emotions_and_count_the_dropped_ones(linked: Path) -> None:
    utterances, report = ingested(
        linked, "corpus=combined", "labels=common_four", "corpus.corpora=[crema_d,emodb,savee,tess]"
    )
    tables.UTTERANCES.validate(utterances)
    per_emotion = {name: dict(Counter(table["emotion"])) for name, table in utterances.groupby("corpus")}
    assert per_emotion == {
        "crema_d": {"neutral": 46, "happy": 55, "sad": 55, "angry": 56},
        "emodb": {"neutral": 79, "happy": 71, "sad": 62, "angry": 127},
        "savee": dict.fromkeys(("neutral", "happy", "sad", "angry"), 12),
        "tess": {"neutral": 13, **dict.fromkeys(("happy", "sad", "angry"), 12)},
    }
    assert report["dropped"] == {
        "crema_d": {"fearful": 56, "disgust": 55},
        "emodb": {"fearful": 69, "disgust": 46, "boredom": 81},
        "savee": dict.fromkeys(("fearful", "disgust", "surprised"), 12),
        "tess": dict.fromkeys(("fearful", "disgust", "pleasant_surprise"), 12),
    }
    assert set(utterances["language"]) == {"de", "en"}


def test_the_inventory_has_the_same_counts_from_file_names_alone(corpora_root: Path) -> None:
    """The silent file of CREMA-D is a recording of the corpus."""
    found = {
        (folder, holding.vocal_channel): (holding.n_recordings, holding.n_speakers)
        for folder in ("ravdess", "ravdess_song", "emodb", "crema_d", "tess", "savee")
        for holding in inventory.holdings_of(folder.removesuffix("_song"), corpora_root / folder)
    }
    assert found == {
        ("ravdess", "speech"): (1440, 24),
        ("ravdess", "song"): (0, 0),
        ("ravdess_song", "speech"): (0, 0),
        ("ravdess_song", "song"): (88, 2),
        ("emodb", "speech"): (535, 10),
        ("crema_d", "speech"): (330, 6),
        ("tess", "speech"): (85, 2),
        ("savee", "speech"): (84, 4),
    }


def test_only_whole_corpora_are_complete(corpora_root: Path) -> None:
    speech, song = inventory.holdings_of("ravdess", corpora_root / "ravdess")
    assert (speech.is_complete, song.is_complete) == (True, False)
    assert [holding.is_complete for holding in inventory.holdings_of("emodb", corpora_root / "emodb")] == [True]
    (savee,) = inventory.holdings_of("savee", corpora_root / "savee")
    assert savee.lacking == {"n": 108, **dict.fromkeys(("a", "d", "f", "h", "sa", "su"), 48)}


def test_the_silent_file_is_refused_where_it_is_read(corpora_root: Path) -> None:
    with pytest.raises(reading.InvalidAudio, match="every sample is zero"):
        reading.read(corpora_root / "crema_d" / "AudioWAV" / "1076_MTI_SAD_XX.flac")
