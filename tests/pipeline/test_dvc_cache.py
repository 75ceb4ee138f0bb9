"""The user's files under DVC: no table is a link, a cut dvc.lock and changed parameters can be restored."""

from pathlib import Path

import pytest

from tests.support.dvc_project import Project

pytestmark = pytest.mark.slow

PIPELINE = """
stages:
  table:
    cmd: mkdir -p data && echo good > data/table.csv
    deps: [data/raw/corpus]
    outs: [data/table.csv]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a corpus of one file, linked as README has it, and one stage."""
    project = Project(tmp_path)
    (project.folder / "dvc.yaml").write_text(PIPELINE)
    recording = project.folder / "data" / "raw" / "corpus" / "a.wav"
    recording.parent.mkdir(parents=True)
    recording.write_bytes(bytes(1000))
    project.commit("start")
    project.run("dvc", "config", "--local", "cache.type", "hardlink,symlink,copy")
    project.run("dvc", "add", "data/raw/corpus")
    project.run("dvc", "config", "--local", "--unset", "cache.type")
    project.run("dvc", "repro")
    return project


def test_a_table_that_is_overwritten_in_place_is_restored(project: Project) -> None:
    table, recording = (project.folder / "data" / name for name in ("table.csv", "raw/corpus/a.wav"))
    assert recording.stat().st_nlink == 2
    assert table.stat().st_nlink == 1
    table.chmod(0o644)
    table.write_text("bad!\n")
    project.run("dvc", "repro")
    assert table.read_text() == "good\n"


def test_a_cut_lock_file_and_the_parameters_of_a_failed_run_are_restored_as_the_messages_say(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (project.folder / "data/raw/demo").mkdir(parents=True)
    project.compose("corpus.root=data/raw/demo")
    project.commit("start")
    project.run("dvc", "repro", "--single-item", "probe")
    project.run("dvc", "repro", "--single-item", "probe")
    lock, params = (project.folder / name for name in ("dvc.lock", "params.yaml"))
    whole, before = lock.read_text(), params.read_text()
    lock.write_text(whole[: whole.index("md5: ") + 7])
    assert "dvc.lock" in project.run("dvc", "repro", "--single-item", "probe", fails=True)
    assert "restored from .dvc/tmp/ser/dvc.lock" in project.run("python", "-m", "ser.core.lock_file")
    assert lock.read_text() == whole
    failed = project.run("dvc", "exp", "run", "-S", "corpus.root=/nowhere", "--single-item", "probe", fails=True)
    assert params.read_text() != before
    assert "before dvc repro, restore it: git checkout params.yaml" in failed
    project.run("git", "checkout", "--quiet", "params.yaml")
    assert params.read_text() == before
    project.run("dvc", "repro", "--single-item", "probe")
