"""Copies of a stage's process: they start fast, keep what is loaded, and end with it."""

import copyreg
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np  # noqa: F401  # loads the BLAS whose threads are counted
import pytest
import tblib.pickling_support
from threadpoolctl import threadpool_info

from ser.audio.invalid import InvalidAudio, Kind
from ser.compute import forks, spread
from ser.core import stage
from tests.support import waiting
from tests.support.paths import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies of a process are safe on Linux alone")

loaded: list[str] = []


@pytest.fixture(autouse=True)
def in_a_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    monkeypatch.setattr(stage, "_running", True)
    for name in forks.WITH_THREADS:  # of other tests
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def something_loaded() -> Iterator[None]:
    loaded.append("network")
    yield
    loaded.clear()


def seen(_: int) -> tuple[int, list[str], int]:
    """Process id, what is loaded, and the maximal number of threads of numpy's BLAS."""
    blas = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    return os.getpid(), list(loaded), max(blas)


def seen_by_both(folder: Path) -> tuple[int, list[str], int]:
    """The same, as soon as both copies are at work; at once in the process of the test."""
    if os.getpid() != int(folder.name):
        waiting.met(folder)
    return seen(0)


def meeting(top: Path, name: str) -> list[Path]:
    """A folder in which two copies meet, for each of 12 items."""
    (folder := top / name / str(os.getpid())).mkdir(parents=True)
    return [folder] * 12


@pytest.mark.usefixtures("something_loaded")
def test_copies_have_what_is_loaded_here_and_one_numeric_thread(tmp_path: Path) -> None:
    found = [result for _, result in spread.unordered_map(seen_by_both, meeting(tmp_path, "both"))]
    assert {(tuple(names), n_threads) for _, names, n_threads in found} == {(("network",), 1)}
    assert len({process for process, *_ in found[1:]} - {os.getpid()}) == 2


def test_the_same_copies_work_until_the_end(tmp_path: Path) -> None:
    with spread.spreading(seen_by_both) as seen_by:
        first, second = (
            {process for _, (process, *_) in seen_by(meeting(tmp_path, name), 1)} for name in ("first", "second")
        )
    assert second == first - {os.getpid()}
    for process in second:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_a_library_with_threads_has_new_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", sys)
    loaded.append("here alone")
    try:
        found = [result for _, result in spread.unordered_map(seen, range(4))]
    finally:
        loaded.clear()
    assert [names for _, names, _ in found[1:]] == [[]] * 3


def imports_a_library_with_threads(item: int) -> int:
    sys.modules["onnxruntime"] = sys
    return os.getpid() if item else 0


def test_a_library_with_threads_that_the_first_item_imports_has_new_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "get_context", lambda _: pytest.fail("copies have started"))
    monkeypatch.setitem(sys.modules, "onnxruntime", sys)
    monkeypatch.delitem(sys.modules, "onnxruntime")  # as before when the test ends
    found = sorted(spread.unordered_map(imports_a_library_with_threads, range(4)))
    assert [number for number, _ in found] == [0, 1, 2, 3]
    assert os.getpid() not in [process for _, process in found]


class Odd(Exception):
    """An error that pickle cannot restore."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")


def odd_at_three(item: int) -> int:
    if item == 3:
        raise Odd(7, "no such thing")
    return item


def test_an_error_that_cannot_be_sent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # As Dask does for all errors that are defined when it is loaded: an error is sent with its cause.
    monkeypatch.setitem(copyreg.dispatch_table, RuntimeError, tblib.pickling_support.pickle_exception)
    monkeypatch.delitem(copyreg.dispatch_table, Odd, raising=False)  # sent, if Dask was loaded later
    with pytest.raises(RuntimeError, match=r"^Odd: no such thing \(7\)$"):
        list(spread.unordered_map(odd_at_three, range(8)))


def invalid_at_three(item: int) -> int:
    if item == 3:
        raise InvalidAudio(Kind.EMPTY, "0 bytes")
    return item


def test_an_error_of_the_function_is_raised_unchanged() -> None:
    with pytest.raises(InvalidAudio, match=r"^0 bytes; replace it") as found:
        list(spread.unordered_map(invalid_at_three, range(8)))
    assert found.value.kind == Kind.EMPTY


def killed_at_three(item: int) -> int:
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_a_killed_worker_ends_the_run_with_the_remedy() -> None:
    with pytest.raises(OSError, match=r"a worker process was killed.*LOKY_MAX_CPU_COUNT=1"):
        list(spread.unordered_map(killed_at_three, range(8)))


def process_of(_: object) -> int:
    return os.getpid()


def test_items_are_done_side_by_side_in_a_stage_and_else_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = dict(forks.map_indexed(waiting.met, [tmp_path] * 6))
    assert sorted(found) == list(range(6))
    assert len(set(found.values()) - {os.getpid()}) == 2
    assert dict(forks.map_indexed(process_of, [7])) == {0: os.getpid()}  # not worth a copy
    monkeypatch.setattr(stage, "_running", False)
    assert set(dict(forks.map_indexed(process_of, range(6))).values()) == {os.getpid()}
    monkeypatch.setattr(stage, "_running", True)
    with pytest.raises(OSError, match="a worker process was killed"):
        list(forks.map_indexed(killed_at_three, range(8)))


ORPHANS = """
import os, sys, time
from ser.compute import spread
from ser.core import stage

def waits(item):
    if item:
        open(f"{sys.argv[1]}/{os.getpid()}", "w").close()
        time.sleep(3600)

stage.run(lambda: list(spread.unordered_map(waits, range(4))))
"""


def test_copies_end_when_the_stage_is_killed(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, str(tmp_path)],
        env=os.environ | {"LOKY_MAX_CPU_COUNT": "2", "PYTHONPATH": str(ROOT)},
    )
    waiting.until(lambda: len(list(tmp_path.iterdir())) == 2)
    process.kill()
    process.wait()
    waiting.until(lambda: not any(Path("/proc", path.name).exists() for path in tmp_path.iterdir()))
