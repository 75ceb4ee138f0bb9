"""Lists of recordings: columns, paths, what is wrong in them, votes, segments, partitions."""

import json
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ser.audio import reading
from ser.audio.segments import Segment
from ser.core import files, tables
from ser.ingest import corpus_root, decoding, utterance_table
from ser.ingest.lists import columns, places
from tests.support import small_corpora
from tests.support.small_corpora import Ingested, composed, written
from tests.support.synthesis import speech_like, tone


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four recordings in `wav`, and an empty root of the corpus beside it."""
    for name in ("a1", "a2", "b1", "b2"):
        written(tmp_path / "my" / "wav" / f"{name}.wav")
    (tmp_path / "root").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "my"


def table(path: Path, *rows: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(rows).encode(encoding))
    return path


def ingested(path: Path | None, **changes: Any) -> Ingested:
    given = changes.pop("columns", {})
    chosen = composed("corpus=table")["corpus"]["columns"] | given
    return small_corpora.ingested(Path("root"), "corpus=table", list=path and str(path), columns=chosen, **changes)


def emotions(found: Ingested) -> dict[str, str]:
    return dict(zip(found.utterances["utterance"], found.utterances["emotion"], strict=True))


def complaints(path: Path, **changes: Any) -> list[str]:
    with pytest.raises(utterance_table.InvalidCorpus) as raised:
        ingested(path, **changes)
    return [line.strip() for line in str(raised.value).splitlines()]


FACTS = ("file,emotion,speaker,sex", "wav/a1.wav,happy,a,f", "wav/a2.wav,sad,a,f", "wav/b1.wav,happy,b,m")


def test_a_list_gives_the_facts_of_each_recording(place: Path) -> None:
    utterances, report = ingested(table(place / "my.csv", *FACTS))
    tables.UTTERANCES.validate(utterances)
    assert utterances[["utterance", "speaker", "sex", "emotion", "path"]].to_numpy().tolist() == [
        ["table/wav/a1", "table/a", "female", "happy", "../my/wav/a1.wav"],
        ["table/wav/a2", "table/a", "female", "sad", "../my/wav/a2.wav"],
        ["table/wav/b1", "table/b", "male", "happy", "../my/wav/b1.wav"],
    ]
    roles = {name: name for name in ("file", "emotion", "speaker", "sex")}
    path = str(place / "my.csv")
    assert report["lists"] == {"table": {"path": path, "rows": 3, "columns": roles, "not_read": []}}
    assert not {"start", "end", "given_partition"} & set(utterances)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_spreadsheet_writes_the_list(place: Path, encoding: str, delimiter: str) -> None:
    written(place / "Wörter" / "ä.wav")
    rows = (delimiter.join(row) for row in (("Filename", "Label"), ("wav/a1.wav", "Sad"), ("Wörter/ä.wav", "HAPPY")))
    assert emotions(ingested(table(place / "my.csv", *rows, encoding=encoding))) == {
        "table/Wörter/ä": "happy",
        "table/wav/a1": "sad",
    }


def as_lines(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    return table(path.with_suffix(".jsonl"), *map(json.dumps, rows))


def as_parquet(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    pd.DataFrame(rows).to_parquet(path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def test_a_line_of_json_may_have_other_ends_of_lines_in_its_texts(place: Path) -> None:
    row = {"path": "wav/a1.wav", "target": "happy", "text": "one\u2028two\u0085three"}
    lines = json.dumps(row, ensure_ascii=False) + "\r\n" + json.dumps({"path": "wav/a2.wav", "target": "sad"}) + "\r\n"
    (place / "my.jsonl").write_bytes(lines.encode())
    assert ingested(place / "my.jsonl")[0]["emotion"].tolist() == ["happy", "sad"]


def test_half_a_character_in_json_does_not_end_ingest(place: Path) -> None:
    rows = [
        {"file": "wav/a1.wav", "emotion": "happy", "speaker": "\ud83d", "\ud83d": 1},
        {"file": "wav/a2.wav", "emotion": "sad", "speaker": "b"},
        {"file": "wav/\ud83d.wav", "emotion": "sad", "speaker": "b"},
    ]
    found, report = ingested(as_lines(place / "my", rows), on_invalid="exclude")
    tables.write(found, place / "utterances.csv")
    files.write_json(place / "ingest.json", report)
    assert tables.read_utterances(place / "utterances.csv")["speaker"].tolist() == ["table/?", "table/b"]
    assert [one["path"] for one in report["rejects"]] == ["wav/?.wav"]


def test_a_letter_with_a_mark_written_in_two_ways_is_one_speaker(place: Path) -> None:
    rows = ("file,emotion,speaker", "wav/a1.wav,sad,Zo\u00eb", "wav/a2.wav,happy,Zoe\u0308")
    assert set(ingested(table(place / "my.csv", *rows)).utterances["speaker"]) == {"table/Zo\u00eb"}


def test_a_speaker_of_two_tables_is_one_where_pandas_has_made_its_number_a_decimal_one(place: Path) -> None:
    table(place / "train.csv", "file,emotion,speaker", "wav/a1.wav,sad,7", "wav/a2.wav,happy,7")
    table(place / "test.csv", "file,emotion,speaker", "wav/b1.wav,sad,7.0", "wav/b2.wav,happy,")
    found = ingested(place).utterances
    assert found["speaker"].fillna("").tolist() == ["table/7", "table/7", "table/7", ""]
    assert found["given_partition"].tolist() == ["train", "train", "test", "test"]


@pytest.mark.parametrize("word", ["n/a", "NaN", "unknown", "None"])
def test_words_for_no_speaker_name_none(place: Path, word: str) -> None:
    rows = ("file,emotion,speaker", f"wav/a1.wav,happy,{word}", f"wav/a2.wav,sad,{word}", "wav/b1.wav,sad,b")
    found = ingested(table(place / "my.csv", *rows)).utterances["speaker"]
    assert found.isna().tolist() == [True, True, False]


@pytest.mark.parametrize("write", [as_lines, as_parquet])
def test_json_lines_and_parquet_are_lists_too(place: Path, write: Any) -> None:
    rows = [{"path": "wav/a1.wav", "target": "happy", "speaker": 7, "x": None}, {"path": "wav/a2.wav", "target": "sad"}]
    utterances, report = ingested(write(place / "my", [rows[0], rows[1] | {"speaker": 8}]))
    assert utterances["emotion"].tolist() == ["happy", "sad"]
    assert utterances["speaker"].tolist() == ["table/7", "table/8"]
    assert report["lists"]["table"]["not_read"] == ["x"]


def test_the_metadata_of_an_audio_folder_are_a_list(place: Path) -> None:
    table(place / "metadata.csv", "file_name,label", "wav/a1.wav,sad", "wav/b1.wav,happy")
    assert emotions(ingested(place)) == {"table/wav/a1": "sad", "table/wav/b1": "happy"}


def test_without_a_setting_the_list_lies_in_the_root(place: Path) -> None:
    written(Path("root/a.wav"))
    table(Path("root/mine.tsv"), "file\temotion", "a.wav\tsad")
    table(Path("root/speakers.csv"), "path,speaker", "a.wav,x")  # is another table
    assert emotions(ingested(None)) == {"table/a": "sad"}


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ("wav\\a1.wav", {}),
        (".\\wav\\a1.wav", {}),
        ("my/wav/a1.wav", {}),  # the folder of the list comes first
        ("a1.wav", {"prefix": "wav"}),
        ("{place}/wav/a1.wav", {}),
    ],
)
def test_a_path_is_found_from_the_list_in_each_spelling(place: Path, given: str, settings: dict[str, str]) -> None:
    path = table(place / "my.csv", "file,emotion", f"{given.format(place=place)},sad")
    assert emotions(ingested(path, **settings)) == {"table/wav/a1": "sad"}


def test_paths_also_lead_from_the_root(place: Path) -> None:
    written(Path("root/deep/c.wav"))
    (found,) = ingested(table(place / "my.csv", "file,emotion", "deep/c.wav,sad")).utterances.to_dict("records")
    assert (found["utterance"], found["path"]) == ("table/deep/c", "deep/c.wav")


def test_ids_of_absolute_paths_start_at_the_folder_that_these_share(place: Path) -> None:
    written(place.parent / "far" / "sad" / "1.wav")
    written(place.parent / "far" / "happy" / "1.wav")
    rows = [f"{place.parent / 'far' / emotion / '1.wav'},{emotion}" for emotion in ("sad", "happy")]
    found = emotions(ingested(table(place / "my.csv", "file,emotion", "wav/a1.wav,sad", *rows)))
    assert found == {"table/happy/1": "happy", "table/sad/1": "sad", "table/wav/a1": "sad"}


def test_names_of_absolute_paths_stay_whole_where_another_recording_has_the_short_one() -> None:
    given = [("a.wav", Path("/my/a.wav")), ("/far/a.wav", Path("/far/a.wav"))]
    assert places.names_of(given, [Path("/my")]) == ["a", "far/a"]
    assert places.names_of([("C:\\x\\a.wav", Path("C:/x/a.wav")), ("../a.wav", Path("../a.wav"))], []) == ["x/a", "a"]
    assert places.names_of([(path, Path(path)) for path in ("//far/b/a.wav", "/far/c/a.wav")], []) == ["b/a", "c/a"]


def test_a_name_with_a_mark_is_found_however_the_disk_writes_it(place: Path) -> None:
    written(place / "wav" / "a\u0308.wav")  # as macOS does
    path = table(place / "my.csv", "file,emotion", "wav/\u00e4.wav,sad")
    assert emotions(ingested(path)) == {"table/wav/\u00e4": "sad"}


def test_everything_that_is_wrong_is_told_at_once_with_the_row_of_a_spreadsheet(place: Path) -> None:
    written(place / "wav/quiet.wav", np.zeros(8000))
    os.mkfifo(place / "wav/pipe.wav")
    path = table(
        place / "my.csv",
        "file,emotion,speaker,sex,note",
        'wav/a1.wav,happy,a,f,"a note',
        'of two lines"',
        "",
        "wav/a3.wav,sad,a,f,",
        "wav/a2.wav,,a,x1,",
        ",sad,a,f,",
        "wav/a1.wav,happy,a,f,again",
        "https://example.org/a.wav,sad,a,f,",
        "/etc/passwd,sad,a,f,",
        "wav/quiet.wav,sad,a,f,",
        "wav/pipe.wav,sad,a,f,",
        "wav,sad,a,f,",
        "wav/b1.wav,sad,a,f,,1",
        "wav/b2.wav,sad,a,f,",
    )
    head, *lines = complaints(path)
    assert head.startswith("11 invalid rows in my.csv; mend them, or set corpus.on_invalid=exclude")
    assert [line.removeprefix("my.csv, ").partition("; ")[0] for line in lines] == [
        "row 4: wav/a3.wav: there is no such file",
        "row 5: wav/a2.wav: the emotion is empty",
        "row 5: wav/a2.wav: unknown sex 'x1'",
        "row 6: the file is empty",
        "row 7: wav/a1.wav: the same utterance as row 2",
        "row 8: https://example.org/a.wav: an address of the web",
        "row 9: /etc/passwd: not readable as audio (Format not recognised)",
        "row 10: ../my/wav/quiet.wav: every sample is zero",
        "row 11: wav/pipe.wav: not a file",
        "row 12: wav: not a file",
        "row 13: wav/b1.wav: more cells than columns (1)",
    ]
    assert lines[0].endswith("did you mean a2.wav, which is there?")
    utterances, report = ingested(path, on_invalid="exclude")
    assert utterances["utterance"].tolist() == ["table/wav/a1", "table/wav/b2"]
    assert len(report["rejects"]) == len(lines)
    assert {"path", "reason", "remedy", "where"} == set(report["rejects"][0])


@pytest.mark.parametrize("line_break", ["\r", "\n", "\r\n"])
def test_texts_of_several_lines_are_told_with_their_rows(place: Path, line_break: str) -> None:
    """A carriage return ended the row of the table of utterances."""
    written(place / f"c{line_break}1.wav", container="WAV")
    rows = [
        {"file": f"c{line_break}1.wav", "emotion": "sad", "speaker": "c"},
        {"file": "wav/a1.wav", "emotion": f"very{line_break}sad", "speaker": f"a{line_break}b"},
        {"file": "wav/a2.wav", "emotion": "sad", "speaker": "a", "note": f"of{line_break}two lines"},
    ]
    _, *lines = complaints(table(place / "my.jsonl", *map(json.dumps, rows)))
    shown = repr(line_break)[1:-1]
    assert lines == [
        f"my.jsonl, row 1: c{shown}1.wav: the name of its file has a line break; rename it, here too",
        f"my.jsonl, row 2: wav/a1.wav: the speaker is 'a{shown}b', which has a line break; write it on one line",
    ]


@pytest.mark.parametrize(
    ("header", "chosen", "message"),
    [
        ("file,emotoin", {}, "unknown column 'emotoin'; did you mean emotion"),
        ("file,émotion", {}, "or take it: -S 'corpus.columns.emotion=\"émotion\"', or leave it: -S "),
        ("file,feeling", {}, "no column of the emotion (emotion, label, target"),
        ("file,feeling", {}, "name it: -S 'corpus.columns.emotion=\"NAME\"'"),
        ("file,mine", {"emotion": "mein"}, "corpus.columns.emotion is 'mein', which is no column; did you mean mine?"),
        ("file,emotion,spaeker", {}, "-S corpus.columns.speaker=spaeker, or leave it: -S corpus.columns.speaker=none"),
        ("file,emotion,emotion", {}, "two columns are named 'emotion'"),
        ("file,emotion", {"speker": "x"}, "corpus.columns.speker is unknown; did you mean speaker?"),
    ],
)
def test_a_wrong_column_is_told_with_the_nearest_name(
    place: Path, header: str, chosen: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match="cannot be used; the columns are ") as raised:
        ingested(table(place / "my.csv", header, "wav/a1.wav,sad"), columns=chosen)
    assert message in str(raised.value)


def test_columns_are_chosen_and_left_by_settings(place: Path) -> None:
    path = table(place / "my.csv", "file,emotion,felt,spekaer", "wav/a1.wav,happy,sad,a")
    utterances, report = ingested(path, columns={"emotion": "felt", "speaker": "none"})
    assert utterances["emotion"].tolist() == ["sad"]
    assert utterances["speaker"].isna().all()
    assert report["lists"]["table"]["not_read"] == ["emotion", "spekaer"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("my.jsonl", '{"file": 1', "my.jsonl, line 1 is not JSON"),
        ("my.jsonl", "[1]", "my.jsonl, line 1 is no object"),
        ("my.parquet", "PAR", "is not a Parquet file"),
        ("my.csv", "file,emotion", "has no rows below the names of its columns"),
        ("my.csv", "", "the columns are none"),
        ("my.csv", 'file,emotion\n"a', "mend its quotes"),
    ],
)
def test_a_file_that_is_no_list_is_refused(place: Path, name: str, content: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ingested(table(place / name, content))


def test_a_folder_without_one_list_is_refused(place: Path) -> None:
    with pytest.raises(ValueError, match="has no table, wanted one list; name it: -S corpus"):
        ingested(None)
    for name in ("a.csv", "b.csv"):
        table(place / name, *FACTS)
    with pytest.raises(ValueError, match=r"has several tables \(a.csv, b.csv\), wanted one list"):
        ingested(place)
    with pytest.raises(ValueError, match="no list at gone"):
        ingested(Path("gone.csv"))


def test_recordings_of_one_name_keep_their_suffixes(place: Path) -> None:
    written(place / "wav/a1.flac", tone(900, 0.2))
    path = table(place / "my.csv", "file,emotion", "wav/a1.wav,sad", "wav/a1.flac,happy", "wav/a2.wav,sad")
    assert list(emotions(ingested(path))) == ["table/wav/a1.flac", "table/wav/a1.wav", "table/wav/a2"]


def test_speakers_come_from_the_paths_where_no_column_has_them(place: Path) -> None:
    path = table(place / "my.csv", "file,emotion", "wav/a1.wav,sad", "wav/b1.wav,happy")
    found = ingested(path, speaker_pattern="(?P<speaker>[a-z])[0-9][^/]*$").utterances
    assert found["speaker"].tolist() == ["table/a", "table/b"]


VOTES = (
    *("file,emotion,rater", "wav/a1.wav,sad,1", "wav/a1.wav,sad,2", "wav/a1.wav,happy,3"),
    *("wav/a2.wav,sad,1", "wav/a2.wav,happy,2", "wav/b1.wav,happy,1"),
)


@pytest.mark.parametrize("named", [True, False])
def test_votes_become_the_majority_and_ties_are_counted(place: Path, named: bool) -> None:
    rows = VOTES if named else tuple(row.rpartition(",")[0] for row in VOTES)
    found = ingested(table(place / "my.csv", *rows))
    assert emotions(found) == {"table/wav/a1": "sad", "table/wav/b1": "happy"}
    votes = {"rows": 6, "utterances": 3, "ties": ["wav/a2.wav: happy and sad"]}
    assert found.report["lists"]["table"]["votes"] == votes


def test_labels_are_made_canonical_before_votes_are_counted(place: Path) -> None:
    path = table(place / "my.csv", "file,emotion,rater", "wav/a1.wav,joy,1", "wav/a1.wav,happy,2", "wav/a1.wav,sad,3")
    assert emotions(ingested(path)) == {"table/wav/a1": "happy"}


def test_a_second_vote_and_facts_that_differ_are_faults(place: Path) -> None:
    rows = ("file,emotion,speaker,rater", "wav/a1.wav,sad,a,1", "wav/a1.wav,sad,b,1", "wav/a1.wav,sad,a,2")
    _, *lines = complaints(table(place / "my.csv", *rows))
    assert [line.partition("; ")[0] for line in lines] == [
        "my.csv, row 3: wav/a1.wav: a second vote of 1, after row 2",
        "my.csv, rows 2, 3: wav/a1.wav: the speaker is a and b",
    ]


def test_two_labels_of_one_recording_are_no_votes_in_a_list_of_single_rows(place: Path) -> None:
    rows = ("file,emotion", "wav/a1.wav,sad", "wav/a1.wav,happy", "wav/a2.wav,sad", "wav/b1.wav,sad")
    _, line = complaints(table(place / "my.csv", *rows))
    assert "row 3: wav/a1.wav: the same utterance as row 2, which is sad, and happy here; keep one of them" in line
    assert "-S corpus.votes=true" in line
    assert list(emotions(ingested(place / "my.csv", on_invalid="exclude"))) == ["table/wav/a2", "table/wav/b1"]


def test_the_list_and_its_recordings_are_noticed_when_they_change(place: Path) -> None:
    corpus = composed("corpus=table")["corpus"] | {"root": "new/root", "list": str(table(place / "my.csv", *FACTS))}
    corpus_root.prepare(corpus)
    first = corpus_root.state(corpus)
    assert (Path("new/root").is_dir(), corpus_root.state(corpus)) == (True, first)
    written(place / "wav/b1.wav", tone(300, 0.3))
    second = corpus_root.state(corpus)
    table(place / "my.csv", *FACTS[:3])
    assert len({json.dumps(one) for one in (first, second, corpus_root.state(corpus))}) == 3


def test_recordings_in_the_root_are_left_to_dvc(place: Path) -> None:
    corpus = composed("corpus=table")["corpus"] | {"root": str(place)}
    path = table(place / "list.csv", *FACTS)
    only = files.listing_digest([path], place)
    assert corpus_root.state(corpus)["lists"] == {"table": only}


def test_a_list_is_a_member_of_a_combination_where_it_is(place: Path) -> None:
    small_corpora.six_corpora(Path("root"))
    corpus = composed("corpus=combined")["corpus"]
    members = corpus["members"] | {"table": corpus["members"]["table"] | {"list": str(table(place / "my.csv", *FACTS))}}
    found = small_corpora.ingested(Path("root"), "corpus=combined", members=members).utterances
    assert found.loc[found["corpus"] == "table", "path"].tolist()[0] == "../my/wav/a1.wav"
    assert (Path("root") / found["path"].iloc[-1]).is_file()


def test_every_role_has_a_setting_and_a_common_name() -> None:
    assert set(composed("corpus=table")["corpus"]["columns"]) == set(columns.ROLES)


@pytest.fixture
def long(place: Path) -> Path:
    """A recording of 4 s."""
    return written(place / "long.wav", speech_like(1, 4.0, 16_000))


def test_segments_are_utterances_of_their_own(place: Path, long: Path) -> None:
    rows = (
        "file,start,end,label",
        "long.wav,0,1.5,sad",
        "long.wav,1.25,2.5,happy",
        "long.wav,3,,sad",
        "wav/a1.wav,,,sad",
    )
    utterances, _ = ingested(table(place / "my.csv", *rows))
    tables.UTTERANCES.validate(utterances)
    assert utterances["utterance"].tolist() == [
        *("table/long_0-1.5", "table/long_1.25-2.5", "table/long_3-end", "table/wav/a1")
    ]
    assert utterances["duration"].tolist()[:3] == [1.5, 1.25, 1.0]
    part = reading.read(long).waveform[20_000:40_000]
    whole = reading.Recording(part, 16_000, 1)
    assert utterances["audio_hash"][1] == whole.audio_hash


def test_wrong_segments_are_told_with_their_rows(place: Path, long: Path) -> None:
    rows = (
        *("file,start,end,label", "long.wav,2,1,sad", "long.wav,0,9,sad", "long.wav,5,6,sad", "long.wav,x,1,sad"),
        *("long.wav,0,0.05,sad", "long.wav,1,2,sad", "long.wav,1.0,2.000,sad"),
    )
    _, *lines = complaints(table(place / "my.csv", *rows))
    found = {line.split(":")[0]: line.split(": ", 2)[2] for line in lines}
    wanted = {
        "my.csv, row 2": "the start, 2 s, is not before the end, 1 s; mend them",
        "my.csv, row 3": "the segment from 0 to 9 s ends after the recording, which has 4 s; mend its end",
        "my.csv, row 4": "the segment from 5 to 6 s starts after the recording, which has 4 s; mend its start",
        "my.csv, row 5": "'x' is no time; write seconds, as 12.5",
        "my.csv, row 6": "0.05 s long, shorter than 0.1 s; remove it",
    }
    assert wanted.items() <= found.items()
    assert found["my.csv, row 8"].startswith("the same utterance as row 7;")


def test_a_recording_is_decoded_once_for_all_its_segments(
    place: Path, long: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[Path] = []
    read = reading.read
    monkeypatch.setattr(reading, "read", lambda path: decoded.append(path) or read(path))
    pieces = [decoding.Piece("long.wav", Segment(start, start + 1.0)) for start in (0.0, 1.0, 2.0)]
    code = decoding.code_digest.digest((decoding.__name__,))
    found = decoding.facts(pieces, root=place, code=code)
    assert (len(found), decoded) == (3, [long])


@pytest.mark.parametrize(
    ("word", "partition"),
    [
        ("Training", "train"),
        ("val", "dev"),
        ("Validation", "dev"),
        ("devel", "dev"),
        ("eval", "test"),
        ("fold 1", "fold 1"),
    ],
)
def test_the_split_of_a_list_is_kept(place: Path, word: str, partition: str) -> None:
    found = ingested(table(place / "my.csv", "file,emotion,split", f"wav/a1.wav,sad,{word}")).utterances
    tables.UTTERANCES.validate(found)
    assert found["given_partition"].tolist() == [partition]


@pytest.fixture
def database(place: Path) -> Path:
    """A database in audformat, as audb stores it: emotions of segments, a split, speakers of files."""
    audformat = pytest.importorskip("audformat")
    made = audformat.Database("mine")
    made.schemes["speaker"] = audformat.Scheme("int", labels={1: {"gender": "female"}, 2: {"gender": "male"}})
    made.schemes["emotion"] = audformat.Scheme("str", labels=["happy", "sad"])
    made.splits["test"] = audformat.Split("test")
    files = audformat.filewise_index(["wav/a1.wav", "wav/b1.wav", "long.wav"])
    made["files"] = audformat.Table(files)
    made["files"]["speaker"] = audformat.Column(scheme_id="speaker")
    made["files"]["speaker"].set([1, 2, 1])
    segments = audformat.segmented_index(["long.wav", "long.wav"], ["0s", "1.5s"], ["1s", "2.5s"])
    for name, index, split, labels in (
        ("emotion", segments, None, ["happy", "sad"]),
        ("emotion.test", audformat.filewise_index(["wav/b1.wav"]), "test", ["sad"]),
    ):
        made[name] = audformat.Table(index, split_id=split)
        made[name]["emotion"] = audformat.Column(scheme_id="emotion")
        made[name]["emotion"].set(labels)
    made.save(str(place), storage_format="csv")
    return place


def test_a_database_in_audformat_is_a_list(database: Path, long: Path) -> None:
    found = ingested(database).utterances
    assert found[["utterance", "emotion", "speaker", "sex"]].to_numpy().tolist() == [
        ["table/long_0-1", "happy", "table/1", "female"],
        ["table/long_1.5-2.5", "sad", "table/1", "female"],
        ["table/wav/b1", "sad", "table/2", "male"],
    ]
    assert found["given_partition"].tolist()[2] == "test"


def test_a_database_with_pickles_or_a_strange_header_is_refused(place: Path) -> None:
    header = table(place / "db.yaml", "name: !!python/object/apply:os.getcwd []")
    with pytest.raises(ValueError, match="cannot be read as the header of an audformat database"):
        ingested(place)
    header.with_name("db.emotion.pkl").touch()
    with pytest.raises(ValueError, match=r"has pickles \(db.emotion.pkl\), which may run code"):
        ingested(place)


class Harm:
    """Object whose pickle writes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[Path, bytes]]:
        return Path.write_bytes, (self.path, b"")


@pytest.mark.parametrize("name", ["files/evil", "/../below/evil"])
def test_a_pickle_of_a_database_in_another_folder_is_not_read(database: Path, name: str, tmp_path: Path) -> None:
    harm = tmp_path / "harm"
    (database / "db.").mkdir()
    pickled = Path(f"{database}/db.{name}.pkl")
    pickled.parent.mkdir(exist_ok=True)
    pickled.write_bytes(pickle.dumps(Harm(harm)))
    header = database / "db.yaml"
    header.write_text(header.read_text().replace("  emotion:\n    type", f"  {name}:\n    type"))
    with pytest.raises(ValueError, match=rf"has a table '{name}', whose file is in another folder; rename it"):
        ingested(database)
    assert not harm.exists()


def test_a_header_of_a_database_with_values_of_other_types_is_refused(database: Path) -> None:
    header = database / "db.yaml"
    header.write_text(header.read_text().replace("languages: []", "languages: 5"))
    with pytest.raises(ValueError, match=r"cannot be read as an audformat database \(a value of the header has"):
        ingested(database)
