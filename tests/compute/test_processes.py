import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tqdm import tqdm

from ser.compute import processes
from ser.compute.processes import Died, Send, in_own_process, map_items
from tests.support import waiting
from tests.support.paths import ROOT

ENDLESS = 600  # seconds


def facts(number: int, *, text: str) -> tuple[int, str, int, str]:
    return number, text, os.getpid(), os.environ["TQDM_POSITION"]


def refused() -> None:
    raise FileNotFoundError("no file here")


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def endless(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(ENDLESS)


def test_the_function_runs_in_another_process_whose_bars_are_below() -> None:
    number, text, process, position = in_own_process(facts, 3, text="x")
    assert (number, text, position) == (3, "x", "1")
    assert process != os.getpid()
    assert "TQDM_POSITION" not in os.environ


def test_the_environment_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TQDM_POSITION", "5")
    assert in_own_process(facts, 3, text="x")[-1] == "1"
    assert os.environ["TQDM_POSITION"] == "5"


def test_an_error_of_the_function_is_raised_unchanged() -> None:
    with pytest.raises(FileNotFoundError, match="no file here"):
        in_own_process(refused)


def test_a_killed_process_raises_its_own_error() -> None:
    with pytest.raises(Died):
        in_own_process(killed)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_process_ends_when_its_parent_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "process"
    script = (
        "import sys; from tests.compute import test_processes as t\n"
        "if __name__ == '__main__': t.in_own_process(t.endless, sys.argv[1])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", script, str(path)], env=environment)
    waiting.until(lambda: path.exists() and path.read_text())
    child = int(path.read_text())
    assert is_alive(child)
    parent.kill()
    parent.wait()
    waiting.until(lambda: not is_alive(child))


def test_tqdm_reads_the_position_from_the_environment() -> None:
    """A bar reads the variable when it is created, if it was set before tqdm was imported."""
    script = "import tqdm; print(tqdm.tqdm(total=1, disable=False).pos)"
    environment = {**os.environ, processes.POSITION: "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["-1"]


def squared(send: Send, item: tuple[int, str]) -> tuple[int, int, str, int]:
    number, folder = item
    send("begin", number)
    (Path(folder) / str(number)).touch()
    waiting.until(lambda: number > 1 or len(list(Path(folder).iterdir())) > 1)  # no process can do both of the first
    line = -tqdm(total=1, disable=False, file=io.StringIO()).pos
    send("end", number)
    return number**2, os.getpid(), os.environ["TF_NUM_INTRAOP_THREADS"], line


def one_fails(send: Send, folder: str) -> None:
    if folder == "fails":
        raise FileNotFoundError("no file here")
    endless(folder)


def one_is_killed(send: Send, folder: str) -> None:
    if folder == "killed":
        killed()
    endless(folder)


def ignored(*message: object) -> None:
    """Receive a message and do nothing."""


@pytest.mark.parametrize("own_line", [0, 1])
def test_items_are_computed_side_by_side_in_other_processes_of_one_thread(
    tmp_path: Path, own_line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TQDM_POSITION", str(own_line))
    items = [(number, str(tmp_path)) for number in range(5)]
    found = dict(map_items(squared, items, n_processes=2, on_message=ignored))
    assert [found[item][0] for item in items] == [0, 1, 4, 9, 16]
    assert {threads for *_, threads, _ in found.values()} == {"1"}
    places = {(process, line) for _, process, _, line in found.values()}
    assert sorted(line for _, line in places) == [own_line, own_line + 1]  # of the terminal
    assert os.getpid() not in {process for process, _ in places}
    assert "TF_NUM_INTRAOP_THREADS" not in os.environ
    assert os.environ["TQDM_POSITION"] == str(own_line)


def test_all_messages_arrive_before_the_result(tmp_path: Path) -> None:
    messages: list[tuple[object, ...]] = []
    items = [(number, str(tmp_path)) for number in range(3)]
    for (number, _), _ in map_items(
        squared, items, n_processes=2, on_message=lambda *message: messages.append(message)
    ):
        assert [message for message in messages if message[1] == number] == [("begin", number), ("end", number)]
    assert len(messages) == 6


@pytest.mark.parametrize(
    ("function", "first", "error"), [(one_fails, "fails", FileNotFoundError), (one_is_killed, "killed", Died)]
)
def test_if_one_process_fails_the_others_end_at_once(tmp_path: Path, function: object, first: str, error: type) -> None:
    path = tmp_path / "process"
    begin = time.monotonic()
    with pytest.raises(error):
        list(map_items(function, [str(path), first], n_processes=2, on_message=ignored))  # type: ignore[arg-type]
    assert time.monotonic() - begin < ENDLESS / 2
    if path.exists():
        waiting.until(lambda: not is_alive(int(path.read_text())))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_all_processes_end_when_their_parent_is_killed_or_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    paths = [tmp_path / "first", tmp_path / "second"]
    script = (  # what is started in the background of a shell ignores SIGINT
        "import signal, sys\nfrom tests.compute import test_processes as t\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "if __name__ == '__main__':"
        " list(t.map_items(t.one_fails, sys.argv[1:], n_processes=2, on_message=t.ignored))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", script, *map(str, paths)], env=environment, stderr=subprocess.PIPE)
    waiting.until(lambda: all(path.exists() and path.read_text() for path in paths))
    children = [int(path.read_text()) for path in paths]
    assert all(is_alive(child) for child in children)
    parent.send_signal(number)
    parent.communicate(timeout=waiting.PATIENCE)
    waiting.until(lambda: not any(is_alive(child) for child in children))
