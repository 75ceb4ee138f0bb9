"""The start of a stage: bad input ends it with a message, a defect with a traceback."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ser.core import stage
from tests.support.paths import ROOT


@pytest.fixture
def no_debug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SER_DEBUG", raising=False)


def raising(error: BaseException) -> Any:
    def main() -> None:
        raise error

    return main


@pytest.mark.usefixtures("no_debug")
@pytest.mark.parametrize("error", [ValueError("no speakers"), FileNotFoundError("no speakers")])
def test_bad_input_ends_a_stage_with_a_message_and_status_1(error: Exception) -> None:
    with pytest.raises(SystemExit) as raised:
        stage.run(raising(error))
    assert raised.value.code == "error: no speakers"  # the interpreter prints it and exits with status 1


@pytest.mark.usefixtures("no_debug")
def test_a_missing_file_of_another_stage_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/project/stages/summarise.py"])
    with pytest.raises(SystemExit) as raised:
        stage.run(lambda: print(Path("reports/metrics.json").read_text()))
    assert raised.value.code == "error: reports/metrics.json does not exist; make it with: dvc repro summarise"


@pytest.mark.parametrize("names", [(), ("a", "b")])
def test_a_stage_of_one_item_without_a_name_or_with_two_ends_with_the_remedy(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/project/stages/train_member.py", *names])
    with pytest.raises(SystemExit) as raised:
        stage.run_item(lambda item: pytest.fail(f"{item} ran"))
    wanted = "wanted one name, of an item of train_member in dvc.yaml; to run it for all: dvc repro train_member"
    assert raised.value.code == f"error: {wanted}"


@pytest.mark.usefixtures("no_debug")
def test_bad_input_below_the_root_of_the_project_ends_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "docs")
    with pytest.raises(SystemExit) as raised:
        stage.run(raising(ValueError("no speakers")))
    assert raised.value.code == f"error: no speakers; this folder is not the root of the project: cd {ROOT}"


@pytest.mark.usefixtures("no_debug")
def test_parameters_that_a_failed_run_left_behind_are_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    message = "params.yaml still has the settings of this run"
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    stage.PARAMS.write_text("seed: 0")
    for command in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "start"]):
        subprocess.run(["git", *command], check=True)
    with pytest.raises(SystemExit) as raised:
        stage.run(raising(ValueError("bad seed")))
    assert raised.value.code == "error: bad seed"
    stage.PARAMS.write_text("seed: bad")
    with pytest.raises(SystemExit) as raised:
        stage.run(raising(ValueError("bad seed")))
    assert message in str(raised.value.code)
    remedy = str(raised.value.code).rpartition(": ")[2]
    subprocess.run(remedy.split(), check=True)
    assert stage.PARAMS.read_text() == "seed: 0"
    queued = stage.TEMPORARY / "exps" / "a"
    queued.mkdir(parents=True)
    (queued / stage.PARAMS).write_text("seed: bad")
    monkeypatch.chdir(queued)
    with pytest.raises(SystemExit) as raised:
        stage.run(raising(ValueError("bad seed")))
    assert raised.value.code == "error: bad seed"


@pytest.mark.usefixtures("no_debug")
def test_a_typo_in_the_configuration_is_named_in_the_message() -> None:
    def chosen(*, k_neighbors: int) -> None:
        """Take one option, like the function of a section."""

    section = {"k_neighbors": 5, "k_neigbors": 5}
    with pytest.raises(SystemExit) as raised:
        stage.run(lambda: chosen(**section))
    assert "params.yaml does not fit" in str(raised.value.code)
    assert "k_neigbors" in str(raised.value.code)
    assert "see conf/" in str(raised.value.code)


@pytest.mark.usefixtures("no_debug")
@pytest.mark.parametrize("error", [TypeError("unsupported operand"), KeyError("fold"), ZeroDivisionError()])
def test_other_errors_keep_their_traceback(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        stage.run(raising(error))
    assert raised.value is error


@pytest.mark.parametrize("error", [ValueError("no speakers"), TypeError("unexpected keyword argument 'k'")])
def test_ser_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setenv("SER_DEBUG", "1")
    with pytest.raises(type(error)) as raised:
        stage.run(raising(error))
    assert raised.value is error


def test_ctrl_c_ends_a_stage_without_a_traceback() -> None:
    with pytest.raises(SystemExit) as raised:
        stage.run(raising(KeyboardInterrupt()))
    assert raised.value.code == "interrupted"


def test_a_stage_that_succeeds_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    done: list[bool] = []
    stage.run(lambda: done.append(True))
    assert done == [True]
    assert capsys.readouterr() == ("", "")
