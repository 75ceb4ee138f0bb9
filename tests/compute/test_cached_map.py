"""Nothing is computed twice, and a killed run loses little."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ser.compute import cache, cached_map
from tests.support import waiting
from tests.support.paths import ROOT


class Counted:
    """Squares of items, with a record of the items."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.seen += items
        return [item**2 for item in items]


@pytest.fixture(autouse=True)
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("SER_CACHE_GB")


def squares(
    function: Callable[[Sequence[int]], Sequence[int]], items: Sequence[int], *, threads: bool = True
) -> list[int]:
    return list(
        cached_map.computed(
            function,
            items,
            keys=lambda some: [f"square {item}" for item in some],
            encoded=lambda number: None if number == 49 else str(number).encode(),
            decoded=lambda content: int(content.decode()),
            description="test",
            threads=threads,
        )
    )


@pytest.mark.parametrize("chunk", [1, 3, 100])
@pytest.mark.parametrize("n_items", [0, 1, 2, 20])
def test_results_come_in_the_order_of_the_items(chunk: int, n_items: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached_map, "CHUNK", chunk)
    monkeypatch.setattr(cached_map, "CHUNKS_PER_WORKER", 2)
    items = list(range(n_items, 0, -1))
    assert squares(Counted(), items) == [item**2 for item in items]
    assert squares(Counted(), items) == [item**2 for item in items]


def test_only_new_items_and_those_that_must_not_be_cached_are_computed() -> None:
    first, second = Counted(), Counted()
    squares(first, range(10))
    assert sorted(first.seen) == list(range(10))
    assert squares(second, [20, *range(10), 21]) == [400, *(k**2 for k in range(10)), 441]
    assert sorted(second.seen) == [7, 20, 21]  # the square of 7 is not kept


def test_each_item_has_a_result_even_if_two_share_a_key() -> None:
    assert squares(Counted(), [3, 3, 3]) == [9, 9, 9]


def test_a_chunk_is_computed_when_its_first_result_is_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    monkeypatch.setattr(cached_map, "CHUNK", 2)
    monkeypatch.setattr(cached_map, "CHUNKS_PER_WORKER", 2)
    function = Counted()
    results = cached_map.computed(
        function,
        range(100),
        keys=lambda some: [str(item) for item in some],
        encoded=lambda _: None,
        decoded=int,
        description="test",
        threads=True,
    )
    assert not function.seen
    assert [next(results) for _ in range(4)] == [0, 1, 4, 9]
    assert function.seen == [0, 1, 2, 3]
    next(results)
    assert function.seen == [0, 1, 2, 3, 4]  # the chunks of such a short round have one item


def test_results_from_before_an_error_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    monkeypatch.setattr(cached_map, "CHUNK", 2)

    def fails(items: Sequence[int]) -> list[int]:
        if 5 in items:
            raise ValueError("bad file")
        return [item**2 for item in items]

    with pytest.raises(ValueError, match="bad file"):
        squares(fails, range(10))
    function = Counted()
    squares(function, range(10))
    assert function.seen[0] == 4


KILLED = """
import sys, time
from pathlib import Path
from ser.compute import cached_map

def squares(items):
    with open(sys.argv[1], "a") as file:
        file.write("".join(f"{item}\\n" for item in items))
    if sys.argv[2:] and len(Path(sys.argv[1]).read_text().split()) >= int(sys.argv[2]):
        time.sleep(3600)  # it is killed here
    return [item**2 for item in items]

cached_map.CHUNK = 4
list(cached_map.computed(squares, range(200), keys=lambda some: [str(item) for item in some],
    encoded=lambda number: str(number).encode(), decoded=int, description="", threads=True))
"""


def n_cached() -> int:
    with cache.opened() as store:
        return sum(found is not None for found in store.read([str(item) for item in range(200)]))


def test_a_run_killed_halfway_loses_at_most_the_chunks_in_progress(tmp_path: Path) -> None:
    """Both workers halt when half of the items are done; what they have finished is then cached, sooner or later."""
    log, script = tmp_path / "log", tmp_path / "killed.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(log)]
    environment = os.environ | {"LOKY_MAX_CPU_COUNT": "2", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*command, "100"], env=environment)
    waiting.until(lambda: log.exists() and 100 <= len(log.read_text().split()) <= n_cached() + 2 * 4)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = log.read_text().split()
    assert len(before) < 200
    subprocess.run(command, env=environment, check=True)
    computed = log.read_text().split()
    assert set(computed) == {str(item) for item in range(200)}
    # Each of the two workers loses the chunk in progress; one may have begun another since the test looked.
    assert 0 < len(computed) - 200 <= 3 * 4
