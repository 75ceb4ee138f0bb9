"""Tables and DVC's copies of them are different files; only the corpus may be linked."""

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
