"""Lists as the datasets library of Hugging Face stores them: metadata of each split, recordings in Parquet."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pytest
import soundfile
from pyarrow import parquet

from ser.audio import cells, reading, segments
from ser.ingest import corpus_root, decoding, utterance_table
from ser.ingest.lists import parquet_tables
from tests.support import small_corpora
from tests.support.small_corpora import Ingested, composed, written
from tests.support.synthesis import tone

CLASSES = ["angry", "happy", "sad"]


def ingested(root: Path, **changes: Any) -> Ingested:
    return small_corpora.ingested(root, "corpus=table", **changes)


def complaints(root: Path, **changes: Any) -> list[str]:
    with pytest.raises(utterance_table.InvalidCorpus) as raised:
        ingested(root, **changes)
    return [line.strip() for line in str(raised.value).splitlines()]


def encoded(frequency: float, container: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, tone(frequency, 0.12), 16_000, format=container)
    return file.getvalue()


def audio(name: str | None, content: bytes | None) -> dict[str, Any]:
    """Cell of the feature `Audio`."""
    return {"bytes": content, "path": name}


def stored(path: Path, columns: Mapping[str, Sequence[Any]], *, n_of_a_group: int = 100) -> Path:
    """Write a table as `Dataset.to_parquet` does, with its features as metadata of the schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    kinds = {name: kind for name, values in columns.items() if isinstance(values[0], dict)}
    features = {
        "audio": {"sampling_rate": 16_000, "_type": "Audio"},
        "label": {"names": CLASSES, "_type": "ClassLabel"},
        "speaker_id": {"dtype": "string", "_type": "Value"},
    }
    table = arrow.table({name: arrow.array(values, kinds.get(name)) for name, values in columns.items()})
    known = {name: facts for name, facts in features.items() if name in columns}
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": known}})})
    parquet.write_table(table, path, row_group_size=n_of_a_group)
    return path


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """A data set of five recordings in three shards of two splits."""
    names = {"train-00000-of-00002": (300, 400), "train-00001-of-00002": (500,), "test-00000-of-00001": (600, 700)}
    for k, (name, frequencies) in enumerate(names.items()):
        columns = {
            "audio": [audio(f"a{frequency}.wav", encoded(frequency)) for frequency in frequencies],
            "label": [0, 2][: len(frequencies)],
            "speaker_id": [f"s{k}"] * len(frequencies),
        }
        stored(tmp_path / "data" / f"{name}.parquet", columns)
    (tmp_path / "README.md").write_text("---\nlicense: cc0-1.0\n---\n")
    return tmp_path


@pytest.mark.parametrize("inside", ["", "data/"])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_the_metadata_of_each_split_are_one_list(tmp_path: Path, inside: str, suffix: str) -> None:
    for split, frequency in (("train", 300), ("validation", 400), ("test", 500)):
        folder = tmp_path / inside / split
        written(folder / "a.wav", tone(frequency, 0.12))
        row = {"file_name": "a.wav", "label": "sad", "speaker": split}
        lines = [json.dumps(row)] if suffix == ".jsonl" else [",".join(row), ",".join(row.values())]
        (folder / f"metadata{suffix}").write_text("\n".join(lines))
    (tmp_path / "README.txt").write_text("emotion, of three people")
    found, report = ingested(tmp_path)
    assert found[["utterance", "given_partition", "speaker"]].to_numpy().tolist() == [
        [f"table/{inside}test/a", "test", "table/test"],
        [f"table/{inside}train/a", "train", "table/train"],
        [f"table/{inside}validation/a", "dev", "table/validation"],
    ]
    assert (report["lists"]["table"]["path"], report["lists"]["table"]["rows"]) == (str(tmp_path), 3)
    corpus = composed("corpus=table")["corpus"] | {"root": str(tmp_path)}
    before = corpus_root.state(corpus)
    (tmp_path / inside / "test" / f"metadata{suffix}").write_text("file_name,label\nb.wav,sad\n" * 2)
    assert suffix == ".jsonl" or corpus_root.state(corpus) != before


def test_faults_of_split_lists_name_their_tables(tmp_path: Path) -> None:
    for split in ("train", "test"):
        written(tmp_path / split / "a.wav", tone(300, 0.12))
        rows = ("file_name,label", "a.wav,sad", "gone.wav,sad", "../train/a.wav,sad")
        (tmp_path / split / "metadata.csv").write_text("\n".join(rows))
    head, *lines = complaints(tmp_path)
    assert head.startswith("4 invalid rows in test/metadata.csv and train/metadata.csv; mend them")
    assert [line.partition("; ")[0] for line in lines] == [
        "test/metadata.csv, row 3: gone.wav: there is no such file",
        "train/metadata.csv, row 2: a.wav: the same utterance as row 4 of test/metadata.csv",
        "train/metadata.csv, row 3: gone.wav: there is no such file",
        "train/metadata.csv, row 4: ../train/a.wav: the same utterance as row 4 of test/metadata.csv",
    ]


def test_tables_named_by_their_splits_are_one_list_and_others_are_not(tmp_path: Path) -> None:
    for split in ("train", "dev", "test"):
        written(tmp_path / f"{split}.wav")
        (tmp_path / f"{split}.csv").write_text(f"file,emotion\n{split}.wav,sad")
    assert ingested(tmp_path).utterances["given_partition"].tolist() == ["dev", "test", "train"]
    (tmp_path / "more.csv").write_text("file,emotion\ntest.wav,sad")
    with pytest.raises(ValueError, match=r"several tables \(dev.csv, more.csv, test.csv, train.csv\), wanted one list"):
        ingested(tmp_path)


def test_recordings_in_parquet_are_read_from_their_cells_and_leave_no_files(shards: Path) -> None:
    before = sorted(shards.rglob("*"))
    found, report = ingested(shards)
    assert found[["utterance", "emotion", "speaker", "given_partition"]].to_numpy().tolist() == [
        ["table/data/test-00000-of-00001.parquet/audio/1_a600", "angry", "table/s2", "test"],
        ["table/data/test-00000-of-00001.parquet/audio/2_a700", "sad", "table/s2", "test"],
        ["table/data/train-00000-of-00002.parquet/audio/1_a300", "angry", "table/s0", "train"],
        ["table/data/train-00000-of-00002.parquet/audio/2_a400", "sad", "table/s0", "train"],
        ["table/data/train-00001-of-00002.parquet/audio/1_a500", "angry", "table/s1", "train"],
    ]
    alone = [reading.read(written(shards.parent / "a.wav", tone(hertz, 0.12))) for hertz in (600, 700, 300, 400, 500)]
    assert found["audio_hash"].tolist() == [one.audio_hash for one in alone]
    parts = segments.of_utterances(found, shards).values()
    for part, one in zip(parts, alone, strict=True):
        np.testing.assert_array_equal(segments.read(*part).waveform, one.waveform)
    assert sorted(shards.rglob("*")) == before
    assert report["rejects"] == []


def test_cells_are_digested_and_notice_changes(shards: Path) -> None:
    path = ingested(shards).utterances["path"][0]
    (first,) = decoding.digests([path], root=shards)
    assert first is not None
    columns = {"audio": [audio("a600.wav", encoded(650))] * 2, "label": [0, 2], "speaker_id": ["s", "s"]}
    stored(shards / "data/test-00000-of-00001.parquet", columns)
    assert decoding.digests([path], root=shards) != [first]


def test_segments_of_a_recording_in_parquet(tmp_path: Path) -> None:
    columns = {"audio": [audio(None, encoded(300))], "emotion": ["sad"], "start": [0.0], "end": [0.1]}
    stored(tmp_path / "my.parquet", columns)
    assert ingested(tmp_path).utterances["utterance"].tolist() == ["table/my.parquet/audio/1_0-0.1"]


def test_a_group_of_rows_is_read_once_for_neighbouring_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {"audio": [audio(f"{k}.wav", encoded(300 + k)) for k in range(6)], "emotion": ["sad"] * 6}
    path = stored(tmp_path / "my.parquet", columns, n_of_a_group=3)
    groups: list[int] = []
    read = parquet.ParquetFile.iter_batches

    def counted(file: parquet.ParquetFile, *more: Any, row_groups: list[int], **named: Any) -> Any:
        groups.extend(row_groups)
        return read(file, *more, row_groups=row_groups, **named)

    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", counted)
    contents = [cells.content(cells.Cell(path, "audio", row)) for row in range(1, 7)]
    assert contents == [one["bytes"] for one in columns["audio"]]
    assert groups == [0, 1]


@pytest.mark.parametrize("name", ["audio", "speech"])
def test_bytes_alone_and_any_container_are_recordings_too(tmp_path: Path, name: str) -> None:
    content = [encoded(300, "FLAC"), encoded(400, "OGG")]
    stored(tmp_path / "my.parquet", {name: content, "path": ["/home/x/1.wav", "/home/x/2.wav"], "label": [1, 2]})
    assert ingested(tmp_path).utterances["emotion"].tolist() == ["happy", "sad"]


def test_paths_beside_the_table_are_files_where_no_cell_has_bytes(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        written(tmp_path / name)
    stored(tmp_path / "my.parquet", {"audio": [audio("a.wav", None), audio("b.wav", None)], "label": [0, 1]})
    assert ingested(tmp_path).utterances["path"].tolist() == ["a.wav", "b.wav"]


def test_what_is_wrong_in_cells_is_told_with_their_rows(tmp_path: Path) -> None:
    contents = [encoded(300), None, b"<html>", encoded(400), encoded(500)]
    columns = {"audio": [audio(None, content) for content in contents], "label": [0, 1, 2, -1, 9]}
    stored(tmp_path / "my.parquet", columns)
    _, *lines = complaints(tmp_path)
    assert [line.partition("; ")[0] for line in lines] == [
        "my.parquet, row 2: my.parquet/audio/2: 0 bytes",
        "my.parquet, row 3: my.parquet/audio/3: not readable as audio (Format not recognised)",
        "my.parquet, row 4: my.parquet/audio/4: the emotion is empty",
        "my.parquet, row 5: my.parquet/audio/5: unknown emotion '9'",
    ]


def test_a_group_of_rows_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(tmp_path / "my.parquet", {"audio": [audio(None, encoded(300))], "label": [0]})
    monkeypatch.setattr(cells, "MAX_GROUP", 100)
    assert complaints(tmp_path)[1].partition(": ")[2] == (
        "my.parquet/audio/1: row 1 of my.parquet is in a group of rows of 0 MiB; write the file anew with groups of at"
        " most 0 MiB"
    )


POOLS: list[arrow.MemoryPool] = []  # Arrow does not keep them itself, and its objects may outlive a test


@contextmanager
def counted_memory() -> Iterator[arrow.MemoryPool]:
    """The memory that Arrow takes meanwhile."""
    before, counted = arrow.default_memory_pool(), arrow.proxy_memory_pool(arrow.default_memory_pool())
    POOLS.append(counted)
    arrow.set_memory_pool(counted)
    try:
        yield counted
    finally:
        arrow.set_memory_pool(before)


def shared(path: Path, column: str, value: bytes | str, n_rows: int, encoding: str) -> Path:
    """Write a table whose rows hold one value, which the file has once."""
    way = {"use_dictionary": True, "dictionary_pagesize_limit": 2**30}
    if encoding == "DELTA_BYTE_ARRAY":  # each value as what differs from the one before it
        way = {"use_dictionary": False, "column_encoding": {column: encoding}}
    kind = arrow.binary() if isinstance(value, bytes) else arrow.string()
    values = arrow.DictionaryArray.from_arrays(arrow.array([0] * n_rows, arrow.int32()), arrow.array([value], kind))
    parquet.write_table(arrow.table({column: values.cast(kind)}), path, **way)
    assert path.stat().st_size < 2 * len(value)
    return path


ENCODINGS = ("RLE_DICTIONARY", "DELTA_BYTE_ARRAY")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_cells_that_share_bytes_are_not_unpacked_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    content = np.random.default_rng(0).bytes(100_000)
    path = shared(tmp_path / "my.parquet", "audio", content, 200, encoding)
    monkeypatch.setattr(cells, "SPARE", 100_000)
    with counted_memory() as memory:
        for row in (100, 101, 99, 1, 200):
            assert cells.content(cells.Cell(path, "audio", row)) == content
            assert len(cells._last.values) <= 3
    assert memory.max_memory() < 5 * len(content)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_values_that_share_text_are_not_unpacked_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    path = shared(tmp_path / "my.parquet", "emotion", "sad" * 30_000, 300, encoding)
    monkeypatch.setattr(parquet_tables, "MAX_SIZE", 2**20)
    monkeypatch.setattr(parquet_tables, "BATCH", 2**18)
    message = r"my\.parquet has values of more than 1 MiB besides its recordings, .* or divide it into several"
    with counted_memory() as memory, pytest.raises(ValueError, match=message):
        parquet_tables.read(path)
    assert memory.max_memory() < 2**21


def test_a_table_of_too_many_rows_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shared(tmp_path / "my.parquet", "emotion", "sad" * 10_000, 1001, "RLE_DICTIONARY")
    monkeypatch.setattr(parquet_tables, "MAX_ROWS", 1000)
    with pytest.raises(ValueError, match=r"has 1001 rows; the limit of a table is 1000, so divide it into several, as"):
        parquet_tables.read(path)


def test_paths_that_are_no_text_are_none(tmp_path: Path) -> None:
    pair = arrow.struct([("bytes", arrow.binary()), ("path", arrow.list_(arrow.string()))])
    audio_of_lists = arrow.array([{"bytes": b"RIFF", "path": ["a.wav"]}, None], pair)
    views = arrow.array([b"RIFF", b"RIFF"]).cast(arrow.binary_view())
    table = arrow.table({"audio": audio_of_lists, "more": views, "emotion": ["sad", "sad"]})
    parquet.write_table(table, tmp_path / "my.parquet")
    assert list(parquet_tables.read(tmp_path / "my.parquet").rows)[1] == {
        "emotion": "sad",
        "audio": "my.parquet/audio/2",
        "more": "my.parquet/more/2",
    }


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    table = arrow.Table.from_arrays([arrow.array(["a.wav"]), arrow.array(["sad"])], names=["file", "file"])
    parquet.write_table(table, tmp_path / "my.parquet")
    with pytest.raises(ValueError, match="more than one column file; give each one another name"):
        parquet_tables.read(tmp_path / "my.parquet")


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("label", "column label of my.parquet holds STRING, no bytes; name the column that has the recordings"),
        ("n", "column n of my.parquet holds INT64, no bytes"),
        ("pair", "column pair.bytes of my.parquet holds STRING, no bytes"),
        ("many.list.element", "column many.list.element of my.parquet holds lists, no bytes"),
    ],
)
def test_a_column_without_bytes_has_no_recordings(tmp_path: Path, column: str, found: str) -> None:
    values = {"label": ["sad"], "n": [10**12], "pair": [{"bytes": "sad", "path": "a.wav"}], "many": [[b"RIFF"]]}
    parquet.write_table(arrow.table(values), tmp_path / "my.parquet")
    with pytest.raises(reading.InvalidAudio, match=found):
        reading.read(tmp_path / "my.parquet" / column / "1")


def test_bytes_are_found_in_structures_of_any_depth(tmp_path: Path) -> None:
    parquet.write_table(arrow.table({"a": [{"b": {"bytes": b"RIFF"}}, None]}), tmp_path / "my.parquet")
    found = [cells.content(cells.Cell(tmp_path / "my.parquet", "a.b", row)) for row in (1, 2)]
    assert found == [b"RIFF", b""]


def test_the_name_of_a_parquet_file_that_is_too_long_is_a_fault_of_its_row(tmp_path: Path) -> None:
    written(tmp_path / "a.wav")
    (tmp_path / "my.csv").write_text(f"file,emotion\na.wav,sad\n{'x' * 300}.parquet/audio/1,sad\n")
    _, line = complaints(tmp_path)
    assert line.startswith("my.csv, row 3: xxx")
    assert ": there is no such file; " in line


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("audio/9_a.wav", "my.parquet has 1 rows, so no row 9; mend the path"),
        ("other/1_a.wav", "my.parquet has no recordings in a column other"),
    ],
)
def test_a_path_to_no_cell_is_refused(tmp_path: Path, name: str, message: str) -> None:
    path = stored(tmp_path / "my.parquet", {"audio": [audio("a.wav", encoded(300))], "label": [0]})
    with pytest.raises(reading.InvalidAudio, match=message):
        reading.read(path / name)
    path.write_bytes(b"PAR1")
    with pytest.raises(reading.InvalidAudio, match=r"not readable in my\.parquet"):
        reading.read(path / name)
