"""Models that come with this program, by their names."""

from pathlib import Path

import pytest

from ser.models import packaged
from ser.serving import recognition
from tests.support.paths import EMBEDDED


@pytest.fixture
def several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of three built-in models, of which `ravdess` is the default, and of a folder that is none."""
    for name in ("research", "general", "ravdess"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bundle.json").write_text("{}")
    (tmp_path / "__pycache__").mkdir()
    monkeypatch.setattr(packaged, "FOLDER", tmp_path)
    monkeypatch.setattr(packaged, "DEFAULT", "ravdess")
    return tmp_path


def test_models_are_found_by_their_folders_the_default_first(several: Path) -> None:
    assert list(packaged.folders()) == ["ravdess", "general", "research"]
    assert packaged.resolved() == several / "ravdess"
    assert packaged.resolved("general") == several / "general"


def test_the_default_is_a_packaged_model() -> None:
    assert next(iter(packaged.folders())) == packaged.DEFAULT
    assert packaged.is_packaged(EMBEDDED)
    assert set(packaged.NOTES) <= set(packaged.folders())


@pytest.mark.parametrize("path", ["./general", "models/general", Path("general")], ids=repr)
def test_a_path_with_a_separator_or_an_object_is_no_name(path: str | Path, several: Path) -> None:
    assert packaged.resolved(path) == Path(path)
    assert not packaged.is_packaged(packaged.resolved(path))


def test_a_name_wins_over_a_folder_that_is_there_and_a_folder_of_another_name_is_one(
    several: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    for name in ("general", "mine"):
        (work / name).mkdir(parents=True)
    monkeypatch.chdir(work)
    assert packaged.resolved("general") == several / "general"
    assert packaged.resolved("mine") == Path("mine")


def test_an_unknown_name_is_refused_with_the_known_ones(several: Path) -> None:
    with pytest.raises(ValueError, match="no model 'generall'; give a name of ravdess, general, research, or the fold"):
        recognition.load("generall")


def test_a_model_is_predicted_by_its_name() -> None:
    assert recognition.load("ravdess").labels == recognition.load(packaged.resolved("ravdess")).labels
