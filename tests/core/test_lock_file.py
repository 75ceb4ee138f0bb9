"""A damaged dvc.lock is told as DVC tells it, and is replaced by the last valid one."""

import runpy
import subprocess
from pathlib import Path

import pytest

from ser.core import lock_file
from tests.support.paths import ROOT

VALID = """\
schema: '2.0'
stages:
  train:
    cmd: python -m stages.train
    deps:
    - path: ser/core
      hash: md5
      md5: 8ceda2116c9b74fd81d481119a8a311c.dir
      size: 559
      nfiles: 12
    params:
      params.yaml:
        seed: 0
        model:
          name: svm
    outs:
    - path: models
      hash: md5
      md5: 25fdb2116c9b74fd81d481119a8a3100
      size: 41
"""
HALF = VALID[: VALID.index("md5: 25") + 6]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the folder of DVC."""
    monkeypatch.chdir(tmp_path)
    lock_file.KEPT.parents[1].mkdir(parents=True)
    return tmp_path


def test_the_committed_lock_file_is_valid() -> None:
    assert lock_file.is_valid((ROOT / lock_file.LOCK).read_text())


def test_what_dvc_refuses_of_a_file_that_was_cut_anywhere_is_not_valid() -> None:
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from dvc.utils.serialize import parse_yaml

    refused = 0
    for end in range(len(VALID)):
        try:
            COMPILED_LOCKFILE_SCHEMA(parse_yaml(VALID[:end], "dvc.lock"))
        except Exception:
            refused += 1
            assert not lock_file.is_valid(VALID[:end]), VALID[:end]
    assert refused > len(VALID) / 4


@pytest.mark.parametrize("left", [HALF, "", "\0" * 100])
def test_a_damaged_file_is_replaced_by_that_of_the_last_run(
    here: Path, capsys: pytest.CaptureFixture[str], left: str
) -> None:
    lock_file.LOCK.write_text(VALID)
    lock_file.keep()
    lock_file.LOCK.write_text(left)
    lock_file.keep()  # keeps no damaged one
    lock_file.restore()
    assert lock_file.LOCK.read_text() == VALID
    assert lock_file.DAMAGED.read_text() == left
    assert "dvc.lock was damaged, perhaps by a killed run; restored from .dvc/tmp/ser" in capsys.readouterr().err
    lock_file.restore()
    assert capsys.readouterr().err == ""


def test_without_a_copy_the_committed_file_is_restored(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock_file.LOCK.write_text(VALID)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    for command in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "start"]):
        subprocess.run(["git", *command], check=True)
    lock_file.LOCK.write_text(HALF)
    lock_file.restore()
    assert lock_file.LOCK.read_text() == VALID
    assert "restored from the last commit" in capsys.readouterr().err


def test_without_any_valid_file_the_error_has_the_remedy(here: Path) -> None:
    lock_file.LOCK.write_text(HALF)
    with pytest.raises(ValueError, match=r"dvc\.lock is damaged, .*; remove it with: rm dvc\.lock"):
        lock_file.restore()
    assert lock_file.LOCK.read_text() == HALF


@pytest.mark.parametrize("text", [VALID, f"<<<<<<< HEAD\n{VALID}=======\n>>>>>>> other\n", None])
def test_a_valid_file_an_unfinished_merge_and_a_missing_file_are_left_alone(here: Path, text: str | None) -> None:
    if text is not None:
        lock_file.LOCK.write_text(text)
    lock_file.restore()
    assert lock_file.LOCK.exists() == (text is not None)
    assert text is None or lock_file.LOCK.read_text() == text


def test_before_dvc_starts_a_folder_outside_git_is_told_what_to_do(here: Path) -> None:
    with pytest.raises(SystemExit) as raised:
        runpy.run_path(lock_file.__file__, run_name="__main__")
    assert str(raised.value).startswith(
        f"error: {here} is not a git repository, and DVC needs one; make it with: git init"
    )
    (here / ".git").mkdir()
    runpy.run_path(lock_file.__file__, run_name="__main__")
