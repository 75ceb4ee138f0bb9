import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ser import processes
from ser.processes import Died, in_own_process

ROOT = Path(__file__).parents[1]


def facts(number: int, *, text: str) -> tuple[int, str, int, str]:
    return number, text, os.getpid(), os.environ["TQDM_POSITION"]


def refused() -> None:
    raise FileNotFoundError("no file here")


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def endless(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)


def test_it_is_computed_in_another_process_whose_bars_are_below() -> None:
    number, text, process, position = in_own_process(facts, 3, text="x")
    assert (number, text, position) == (3, "x", "1")
    assert process != os.getpid()
    assert "TQDM_POSITION" not in os.environ


def test_the_environment_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TQDM_POSITION", "5")
    assert in_own_process(facts, 3, text="x")[-1] == "1"
    assert os.environ["TQDM_POSITION"] == "5"


def test_an_error_is_that_of_the_function() -> None:
    with pytest.raises(FileNotFoundError, match="no file here"):
        in_own_process(refused)


def test_a_process_that_was_killed_is_told_apart() -> None:
    with pytest.raises(Died):
        in_own_process(killed)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def awaited(condition: object) -> None:
    for _ in range(600):
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.1)
    raise AssertionError("waited for a minute")


def test_a_process_ends_when_its_parent_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "process"
    script = "import sys, test_processes as t\nif __name__ == '__main__': t.in_own_process(t.endless, sys.argv[1])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    parent = subprocess.Popen([sys.executable, "-c", script, str(path)], env=environment)
    awaited(lambda: path.exists() and path.read_text())
    child = int(path.read_text())
    assert is_alive(child)
    parent.kill()
    parent.wait()
    awaited(lambda: not is_alive(child))


def test_the_names_of_the_environment_are_those_of_tqdm() -> None:
    """A bar takes them as it is made, if they were set before it was imported."""
    script = "import tqdm; print(tqdm.tqdm(total=1, disable=False).pos)"
    environment = {**os.environ, **processes.BELOW}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["-1"]
