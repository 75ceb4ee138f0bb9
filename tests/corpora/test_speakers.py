"""Speakers of plain emotion folders: from a pattern, from a table, or unknown."""

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import soundfile

from ser.corpora import speakers
from ser.corpora.naming import Naming
from ser.ingest import utterance_table
from ser.protocol import partitions
from tests.support import small_corpora
from tests.support.synthesis import tone

PATTERN = r"(?P<speaker>[^/_]+)_[^/]*$"


@pytest.fixture
def folder(tmp_path):
    """`<Emotion>/<speaker>_<number>.wav` of four speakers and two emotions."""
    generator = np.random.default_rng(0)
    for emotion in ("Angry", "SADNESS"):
        (tmp_path / emotion).mkdir()
        for speaker in ("anna", "ben", "carl", "dora"):
            for number in range(2):
                waveform = tone(generator.uniform(100, 900), 0.3)
                soundfile.write(tmp_path / emotion / f"{speaker}_{number}.wav", waveform, 16000)
    return tmp_path


def ingested(folder, **changes):
    return small_corpora.ingested(folder, "corpus=folders", **changes)


def write_table(folder, header="path,speaker,sex", left_out=()):
    paths = [path for path in sorted(folder.rglob("*.wav")) if path.name not in left_out]
    sex = {"anna": "female", "ben": "male", "carl": "male", "dora": "female"}
    names = [path.name.split("_")[0] for path in paths]
    rows = [
        f"{path.relative_to(folder).as_posix()},{name},{sex[name]}" for path, name in zip(paths, names, strict=True)
    ]
    (folder / "speakers.csv").write_text("\n".join([header, *rows]) + "\n")


def test_without_pattern_or_table_speakers_are_unknown_and_speaker_partitions_are_refused_with_the_remedy(folder):
    utterances = ingested(folder).utterances
    assert utterances["speaker"].isna().all()
    assert set(utterances["emotion"]) == {"angry", "sad"}
    with pytest.raises(ValueError, match=r"state them: in speakers\.csv"):
        partitions.partition_table(utterances, name="leave_one_speaker_out", seed=0)


def test_a_pattern_finds_the_speakers_and_makes_speaker_partitions_possible(folder):
    utterances = ingested(folder, speaker_pattern=PATTERN).utterances
    assert set(utterances["speaker"]) == {f"folders/{name}" for name in ("anna", "ben", "carl", "dora")}
    table = partitions.partition_table(utterances, name="leave_one_speaker_out", seed=0)
    assert table["fold"].nunique() == 4
    assert partitions.is_speaker_independent(table, utterances)


def test_a_letter_with_a_mark_written_in_two_ways_is_one_speaker():
    complete = speakers.completion(Path(), "(?P<speaker>[^/]+)/[^/]+$")
    paths = (PurePosixPath(f"sad/{name}/1.wav") for name in ("Zo\u00eb", "Zoe\u0308"))
    assert {complete(path, Naming("sad")).speaker for path in paths} == {"Zo\u00eb"}


@pytest.mark.parametrize(("given", "speaker"), [("7.0", "7"), ("07.00", "07"), ("7.5", "7.5"), ("v1.0", "v1.0")])
def test_a_number_is_one_speaker_with_and_without_decimals(folder, given, speaker):
    """Pandas writes 7 as 7.0 where another cell of the column is empty."""
    (folder / "speakers.csv").write_text(f"path,speaker\nAngry/anna_0.wav,{given}\n")
    complete = speakers.completion(folder, None)
    assert complete(PurePosixPath("Angry/anna_0.wav"), Naming("angry")).speaker == speaker


def test_a_table_gives_speakers_and_sex(folder):
    write_table(folder)
    utterances = ingested(folder).utterances
    sex = utterances.drop_duplicates("speaker").set_index("speaker")["sex"]
    assert sex.to_dict() == {
        "folders/anna": "female",
        "folders/ben": "male",
        "folders/carl": "male",
        "folders/dora": "female",
    }


def test_a_recording_that_the_table_lacks_is_invalid(folder):
    write_table(folder, left_out=("ben_1.wav",))
    with pytest.raises(
        utterance_table.InvalidCorpus, match=r"Angry/ben_1\.wav: speakers\.csv has no speaker for it; add a row"
    ):
        ingested(folder)


def test_a_recording_that_does_not_match_the_pattern_is_invalid(folder):
    soundfile.write(folder / "Angry" / "nobody.wav", tone(300, 0.3), 16000)
    with pytest.raises(
        utterance_table.InvalidCorpus, match=r"Angry/nobody\.wav: corpus\.speaker_pattern .* finds no speaker"
    ):
        ingested(folder, speaker_pattern=PATTERN)


@pytest.mark.parametrize(
    ("pattern", "message"), [("(.*)_", "has no group named speaker"), ("(?P<speaker>", "is no regular expression")]
)
def test_an_invalid_pattern_is_refused(folder, pattern, message):
    with pytest.raises(ValueError, match=message):
        ingested(folder, speaker_pattern=pattern)


def test_a_table_without_its_columns_is_refused(folder):
    write_table(folder, header="file,speaker,sex")
    with pytest.raises(ValueError, match="has no column path"):
        ingested(folder)


def test_paths_for_table_and_pattern_are_relative_to_the_folder_of_the_corpus(folder):
    raw = folder.parent / f"{folder.name}_raw"
    raw.mkdir()
    (raw / "folders").symlink_to(folder)
    write_table(folder)
    by_table = small_corpora.ingested(raw, "corpus=combined").utterances
    assert set(by_table["speaker"]) == {f"folders/{name}" for name in ("anna", "ben", "carl", "dora")}
    first = r"corpus.members.folders.speaker_pattern='^[^/]+/(?P<speaker>[a-z])'"
    by_pattern = small_corpora.ingested(raw, "corpus=combined", first).utterances
    assert set(by_pattern["speaker"]) == {f"folders/{name}" for name in "abcd"}
