import math
import os
import threading
import time

import pytest

from ser import compute


def slower_first(item: int) -> int:
    time.sleep(0.02 / (item + 1))
    return item


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(compute.parallel_map(slower_first, range(8), description="test", threads=True)) == list(range(8))


def test_processes_give_what_threads_give_with_one_numeric_thread_each() -> None:
    items = ["OMP_NUM_THREADS"] * 4
    assert list(compute.parallel_map(os.getenv, items, description="test")) == ["1"] * 4


def test_no_items_give_no_results() -> None:
    assert list(compute.parallel_map(math.sqrt, [], description="test", threads=True)) == []


def test_an_error_of_one_item_is_raised() -> None:
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        list(compute.parallel_map(math.sqrt, [4.0, -1.0], description="test", threads=True))


def test_the_environment_limits_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")

    def thread(_: int) -> int:
        time.sleep(0.005)
        return threading.get_ident()

    assert len(set(compute.parallel_map(thread, range(8), description="test", threads=True))) == 1


def test_no_progress_bar_is_drawn_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(compute.parallel_map(math.sqrt, [4.0], description="test", threads=True)) == [2.0]
    assert capfd.readouterr() == ("", "")
