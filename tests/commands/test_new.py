"""`ser new` writes the files of docs/map.md under a new name, and nothing over a file that exists."""

import ast
import re
import shutil
from pathlib import Path

import pytest
import yaml

from ser import cli
from ser.commands import new
from tests.support.paths import ROOT


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with nothing but the page."""
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / new.PAGE, tmp_path / new.PAGE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", new.KINDS)
def test_the_files_have_the_new_name_and_no_name_of_the_example(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["new", kind, "own_2"])
    told = capsys.readouterr().out
    code, settings = (Path(path) for path in re.findall(r"^  (\S+\.(?:py|yaml))$", told, re.MULTILINE))
    assert (code.stem, settings.stem) == ("own_2", "own_2")
    ast.parse(code.read_text())
    assert yaml.safe_load(settings.read_text())
    assert re.search(r"^  dvc exp run .*own_2", told, re.MULTILINE)
    _, names = new.KINDS[kind]
    for text in (code.read_text(), settings.read_text(), told):
        assert not any(name in text or name.title() in text for name in names)


def failing(*arguments: str) -> str:
    with pytest.raises(SystemExit) as raised:
        cli.main(["new", *arguments])
    return str(raised.value.code)


@pytest.mark.parametrize("name", ["Own", "2nd", "a-b", "../a", "class", ""])
def test_a_name_that_python_cannot_import_is_an_error(name: str, folder: Path) -> None:
    assert failing("corpus", name).startswith(f"error: NAME is {name!r}; wanted small letters")
    assert not (folder / "ser").exists()


def test_a_file_that_exists_at_any_depth_is_kept(folder: Path) -> None:
    taken = folder / "ser/features/yamnet/own.py"
    taken.parent.mkdir(parents=True)
    taken.touch()
    assert failing("features", "own") == "error: ser/features/yamnet/own.py exists; choose another name"
    assert not (folder / "conf").exists()


def test_outside_a_clone_the_error_says_where_to_run_it(folder: Path) -> None:
    (folder / new.PAGE).unlink()
    assert "run this in a clone of the project" in failing("corpus", "own")
