"""The benchmarks measure what they say."""

from pathlib import Path

from benchmarks import ingest
from ser import tables


def test_the_ingested_utterances_are_as_many_as_synthesised_and_no_two_alike(tmp_path: Path) -> None:
    ingest.synthesise(tmp_path / "many", 60)
    ingest.ingest(tmp_path / "many")
    utterances = tables.read_utterances(tmp_path / "many.csv")
    assert len(utterances) == 60
    assert utterances["duration"].unique().tolist() == [ingest.DURATION]
    assert utterances["duplicate_of"].isna().all()
    assert utterances["speaker"].nunique() > 1


def test_work_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    ingest.synthesise(tmp_path / "few", 10)
    seconds, memory = ingest.measured(ingest.ingest, tmp_path / "few")
    assert 0 < seconds < 10
    assert 50_000 < memory < 2_000_000  # kB
