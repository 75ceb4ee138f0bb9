import math
import os
import threading
import time

import numpy as np  # noqa: F401  # loads the BLAS whose threads are counted
import pytest
from threadpoolctl import threadpool_info

from ser.compute import spread


@pytest.fixture(autouse=True)
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")


def slower_first(item: int) -> int:
    time.sleep(0.02 / (item + 1))
    return item


@pytest.mark.parametrize("threads", [True, False])
def test_every_item_gives_one_result_with_its_index(threads: bool) -> None:
    assert sorted(spread.unordered_map(slower_first, range(8, 16), threads=threads)) == list(enumerate(range(8, 16)))


def test_a_result_does_not_wait_for_an_earlier_item() -> None:
    def waited(item: int) -> int:
        if item == 0:
            done.wait(10)
        return item

    done = threading.Event()
    results = spread.unordered_map(waited, range(3), threads=True)
    assert next(results)[0] != 0
    done.set()
    assert len(list(results)) == 2


def process_and_threads(_: int) -> tuple[int, int]:
    """Process id, and the maximal number of threads of numpy's BLAS in this process."""
    blas = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    return os.getpid(), max(blas)


def test_every_item_has_one_numeric_thread() -> None:
    results = spread.unordered_map(process_and_threads, range(4))
    assert [n_threads for _, (_, n_threads) in results] == [1] * 4


def test_the_limit_on_threads_ends_with_the_first_item() -> None:
    before = process_and_threads(0)
    results = spread.unordered_map(process_and_threads, range(4))
    next(results)
    assert process_and_threads(0) == before
    assert len(list(results)) == 3


def test_the_first_item_is_computed_here_so_that_only_one_process_fills_numbas_cache() -> None:
    first, *others = [process for _, (process, _) in spread.unordered_map(process_and_threads, range(4))]
    assert first == os.getpid()
    assert first not in others


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("n_items", [0, 1, 2])
def test_few_items_or_none_give_as_many_results(threads: bool, n_items: int) -> None:
    results = [result for _, result in spread.unordered_map(math.sqrt, [4.0] * n_items, threads=threads)]
    assert results == [2.0] * n_items


@pytest.mark.parametrize("threads", [True, False])
def test_an_error_of_one_item_is_raised(threads: bool) -> None:
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        list(spread.unordered_map(math.sqrt, [4.0, 4.0, -1.0], threads=threads))


def test_results_that_nobody_takes_are_no_reason_to_warn() -> None:
    started = spread.unordered_map(slower_first, range(20), threads=True)
    taken = [next(started) for _ in range(3)]
    time.sleep(0.05)  # others are finished
    started.close()  # warnings are errors here
    assert len({number for number, _ in taken}) == 3


def test_the_environment_limits_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")

    def thread(_: int) -> int:
        time.sleep(0.005)
        return threading.get_ident()

    assert len({found for _, found in spread.unordered_map(thread, range(8), threads=True)}) == 1
    assert spread.n_workers() == 1


@pytest.mark.parametrize("given", ["dask", "dask://", "spark://here", "tcp://here:8786", "Local"])
def test_an_invalid_place_to_compute_is_refused_with_the_valid_ones(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SER_COMPUTE", given)
    for ask in (spread.n_workers, lambda: list(spread.unordered_map(math.sqrt, [4.0]))):
        with pytest.raises(
            ValueError, match=rf"SER_COMPUTE is '{given}'; set it to local, dask://local, or dask://HOST"
        ):
            ask()


@pytest.mark.parametrize("given", ["", "local"])
def test_this_machine_is_the_default(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SER_COMPUTE", given)
    assert spread.cluster() is None
