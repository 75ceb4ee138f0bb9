"""Ingest writes rows in parts and decodes only new or changed recordings."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ser.audio import reading
from ser.compute import cache, cached_map, code_digest
from ser.corpora import labels
from ser.ingest import decoding, utterance_table
from ser.ingest.counts import Tally
from stages import ingest as stage
from tests.support.small_corpora import LFS_POINTER, composed, configure, ingested, written
from tests.support.synthesis import ravdess_corpus, tone


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ravdess_corpus(tmp_path_factory.mktemp("corpus"), speakers=("01", "02"))


def streamed(root: Path, **changes: Any) -> Iterator[pd.DataFrame]:
    config = composed("corpus=ravdess")
    corpus = config["corpus"] | {"root": str(root)} | changes
    return utterance_table.utterances(**corpus, scheme=labels.merged(**config["labels"]), tally=Tally())


# in parts


def test_the_parts_together_are_the_whole_table(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ingested(corpus, "corpus=ravdess")
    monkeypatch.setattr(utterance_table, "ROWS", 7)
    assert [len(table) for table in streamed(corpus)] == [7] * 8 + [4]
    parts = ingested(corpus, "corpus=ravdess")
    pd.testing.assert_frame_equal(parts.utterances, whole.utterances)
    assert parts.report == whole.report


def test_the_file_does_not_depend_on_the_size_of_the_parts(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    configure(corpus, "corpus=ravdess")
    stage.main()
    before = stage.UTTERANCES.read_bytes(), stage.REPORT.read_bytes()
    monkeypatch.setattr(utterance_table, "ROWS", 1)
    stage.main()
    assert (stage.UTTERANCES.read_bytes(), stage.REPORT.read_bytes()) == before


def test_a_duplicate_of_a_row_in_an_earlier_part_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = ravdess_corpus(tmp_path, speakers=("01",))
    *_, first, _, _, last = sorted(root.rglob("*.*"))  # of one emotion
    shutil.copy(first, last)
    monkeypatch.setattr(utterance_table, "ROWS", 2)
    tables = list(streamed(root))
    assert tables[-1]["duplicate_of"].tolist()[-1] == tables[-2]["utterance"].tolist()[0]
    assert pd.concat(tables)["duplicate_of"].notna().sum() == 1


def test_rows_are_available_before_the_last_recording_is_decoded(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shutil.copytree(corpus, tmp_path / "corpus")
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    monkeypatch.setattr(cached_map, "CHUNK", 2)
    monkeypatch.setattr(cached_map, "CHUNKS_PER_WORKER", 1)
    monkeypatch.setattr(utterance_table, "ROWS", 4)
    rows = streamed(root)
    assert len(next(rows)) == 4
    last = max(root.rglob("*.*"))
    last.unlink()
    with pytest.raises(utterance_table.InvalidCorpus, match=rf"1 invalid[\s\S]*{last.name}: cannot be opened"):
        list(rows)


def test_an_invalid_file_leaves_the_earlier_table_unchanged(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    root = shutil.copytree(corpus, tmp_path / "corpus")
    configure(root, "corpus=ravdess")
    stage.main()
    before = stage.UTTERANCES.read_bytes(), stage.REPORT.read_bytes()
    monkeypatch.setattr(utterance_table, "ROWS", 4)
    max(root.rglob("*.*")).write_text(LFS_POINTER)
    with pytest.raises(utterance_table.InvalidCorpus, match="1 invalid"):
        stage.main()
    assert (stage.UTTERANCES.read_bytes(), stage.REPORT.read_bytes()) == before
    assert [path.name for path in stage.UTTERANCES.parent.iterdir()] == [stage.UTTERANCES.name]


# cached results


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that only this test uses."""
    monkeypatch.setenv("SER_CACHE_GB", "1")
    monkeypatch.setenv("SER_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the recordings that were decoded."""
    names: list[str] = []
    real = reading.read

    def spied(path: Path) -> reading.Recording:
        names.append(path.name)
        return real(path)

    monkeypatch.setattr(reading, "read", spied)
    return names


@pytest.mark.usefixtures("kept")
def test_a_known_recording_is_not_decoded_again(corpus: Path, decoded: list[str]) -> None:
    first = ingested(corpus, "corpus=ravdess")
    assert len(decoded) == 60
    again = ingested(corpus, "corpus=ravdess")
    assert len(decoded) == 60
    pd.testing.assert_frame_equal(again.utterances, first.utterances)
    assert again.report == first.report


@pytest.mark.usefixtures("kept")
def test_only_new_and_changed_files_of_a_corpus_are_decoded(corpus: Path, tmp_path: Path, decoded: list[str]) -> None:
    root = shutil.copytree(corpus, tmp_path / "corpus")
    ingested(root, "corpus=ravdess")
    decoded.clear()
    added = written(root / "03-01-05-01-02-01-12.wav", tone(440, 0.2))
    changed = min(root.rglob("Actor_01/*"))
    times = changed.stat()
    samples = changed.read_bytes()
    written(changed, tone(550, 0.7), container=changed.suffix[1:].upper())
    os.utime(changed, ns=(times.st_atime_ns, times.st_mtime_ns))  # the content changed, the modification time did not
    rows = ingested(root, "corpus=ravdess").utterances.set_index("path")
    assert sorted(decoded) == sorted([added.name, changed.name])
    assert rows.loc[changed.relative_to(root).as_posix(), "n_samples"] == 0.7 * 16_000
    assert rows.loc[added.name, "n_samples"] == 3200
    changed.write_bytes(samples)
    added.unlink()
    pd.testing.assert_frame_equal(
        ingested(root, "corpus=ravdess").utterances, ingested(corpus, "corpus=ravdess").utterances
    )
    assert len(decoded) == 2


@pytest.mark.usefixtures("kept")
def test_the_same_bytes_under_another_name_are_another_utterance_and_not_decoded(
    tmp_path: Path, decoded: list[str]
) -> None:
    path = written(tmp_path / "corpus" / "03-01-05-01-02-01-12.wav", tone(440, 0.2))
    (before,) = ingested(path.parent, "corpus=ravdess").utterances.to_dict("records")
    path.rename(path.with_name("03-01-03-01-02-01-01.raw"))
    (after,) = ingested(path.parent, "corpus=ravdess").utterances.to_dict("records")
    assert len(decoded) == 1
    assert (after["emotion"], after["speaker"]) == ("happy", "ravdess/01")
    assert [after[key] for key in ("audio_hash", "n_samples")] == [before[key] for key in ("audio_hash", "n_samples")]


@pytest.mark.usefixtures("kept")
def test_a_failed_recording_is_decoded_each_time(tmp_path: Path, decoded: list[str]) -> None:
    root = tmp_path / "corpus"
    written(root / "03-01-05-01-02-01-12.wav")
    written(root / "03-01-03-01-02-01-12.wav", tone(440, 0.05))
    (root / "03-01-01-01-01-01-12.wav").symlink_to(root / "gone")
    for _ in range(2):
        report = ingested(root, "corpus=ravdess", on_invalid="exclude").report
        assert [reject["reason"][:10] for reject in report["rejects"]] == ["cannot be ", "0.05 s lon"]
    assert sorted(decoded)[-3:] == ["03-01-03-01-02-01-12.wav"] * 2 + ["03-01-05-01-02-01-12.wav"]


@pytest.mark.usefixtures("kept")
def test_a_change_of_code_decodes_all_recordings_again(
    tmp_path: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "corpus" / "03-01-05-01-02-01-12.wav")
    for code in ("one", "other", "one"):
        monkeypatch.setattr(code_digest, "digest", lambda _, code=code: code)
        ingested(tmp_path / "corpus", "corpus=ravdess")
    assert len(decoded) == 2


def test_the_cache_key_covers_all_code_that_reads_recordings() -> None:
    assert {"ser/audio/reading.py", "ser/ingest/decoding.py"} <= {
        path.as_posix() for path in code_digest.module_files("ser.ingest.decoding")
    }


@pytest.mark.usefixtures("kept")
def test_a_damaged_cache_is_rebuilt(corpus: Path, decoded: list[str]) -> None:
    before = ingested(corpus, "corpus=ravdess").utterances
    with cache.opened() as store:
        assert store._cache is not None
        for key in store._cache:
            store._cache.set(key, b"0123456789abcdef" + b'{"n_samples": 1}')
    pd.testing.assert_frame_equal(ingested(corpus, "corpus=ravdess").utterances, before)
    assert len(decoded) == 120


# worker processes


def test_digests_are_of_the_content_and_a_file_that_cannot_be_read_has_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"some bytes")
    (tmp_path / "b").touch()
    expected = [hashlib.blake2b(content, digest_size=16).hexdigest() for content in (b"some bytes", b"")]
    assert decoding.digests(["a", "b", "gone"], root=tmp_path) == [*expected, None]


def test_a_worker_with_other_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="another version of ser; install the one that the study runs"):
        decoding.facts([], root=tmp_path, code="other")
