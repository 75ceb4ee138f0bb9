import math
import os
import threading
import time

import numpy as np  # noqa: F401  # whose BLAS is asked for its threads
import pytest
from threadpoolctl import threadpool_info

from ser import compute


def slower_first(item: int) -> int:
    time.sleep(0.02 / (item + 1))
    return item


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(compute.parallel_map(slower_first, range(8), description="test", threads=True)) == list(range(8))


def process_and_threads(_: int) -> tuple[int, int]:
    """This process, and the most numeric threads that numpy's BLAS may take in it."""
    blas = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    return os.getpid(), max(blas)


def test_every_item_has_one_numeric_thread() -> None:
    results = compute.parallel_map(process_and_threads, range(4), description="test")
    assert [n_threads for _, n_threads in results] == [1] * 4


def test_the_limit_on_threads_ends_with_the_first_item() -> None:
    before = process_and_threads(0)
    results = compute.parallel_map(process_and_threads, range(4), description="test")
    next(results)
    assert process_and_threads(0) == before
    assert len(list(results)) == 3


def test_the_first_item_is_done_here_so_that_one_process_alone_fills_numbas_cache() -> None:
    first, *others = [process for process, _ in compute.parallel_map(process_and_threads, range(4), description="test")]
    assert first == os.getpid()
    assert first not in others


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("n_items", [0, 1, 2])
def test_few_items_and_none_give_as_many_results(threads: bool, n_items: int) -> None:
    assert (
        list(compute.parallel_map(math.sqrt, [4.0] * n_items, description="test", threads=threads)) == [2.0] * n_items
    )


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
