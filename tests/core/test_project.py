"""The folder of the project is found from the folders below it."""

from pathlib import Path

import pytest

from ser.core import project


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A project with a study; its folder has a blank in its name."""
    top = tmp_path / "my project"
    for name in ("conf/config.yaml", "dvc.yaml", "studies/leakage/dvc.yaml", "docs/map.md"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).touch()
    return top


def test_below_the_root_a_message_ends_with_the_command_that_goes_there(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(top / "docs")
    assert project.root() == top
    assert project.hint() == f"; this folder is not the root of the project: cd '{top}'"
    assert project.inside(Path("data/raw")) == Path("../data/raw")


@pytest.mark.parametrize("folder", [".", "studies/leakage", ".."])
def test_in_the_root_in_a_study_and_outside_nothing_is_said(
    top: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(top / folder)
    assert project.hint() == ""


@pytest.mark.parametrize("folder", [".", ".."])
def test_paths_are_unchanged_in_the_root_and_outside(top: Path, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(top / folder)
    assert project.inside(Path("data/raw")) == Path("data/raw")


def test_a_working_folder_that_was_removed_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ser predict /an/absolute/path` needs none."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert project.root() is None
    assert project.inside(Path("reports")) == Path("reports")
