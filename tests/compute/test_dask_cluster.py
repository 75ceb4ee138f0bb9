"""Work on a Dask cluster gives the same values; failures give a message with the remedy."""

import math
import os
import platform
import re
import resource
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import distributed
import numpy as np
import pytest

from ser.compute import dask_cluster, spread
from tests.support import waiting


def local_cluster(n_workers: int) -> distributed.LocalCluster:
    """A scheduler and worker processes, with nannies that restart dead workers."""
    return distributed.LocalCluster(
        n_workers=n_workers, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1", silence_logs="CRITICAL"
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    with local_cluster(2) as running:
        yield running


@pytest.fixture
def address(cluster: distributed.LocalCluster, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of the cluster, set in SER_COMPUTE."""
    found = str(cluster.scheduler_address)
    monkeypatch.setenv("SER_COMPUTE", f"dask://{found}")
    return found


def test_every_item_gives_one_result_with_its_index(address: str) -> None:
    results = sorted(spread.unordered_map(math.sqrt, [1.0, 4.0, 9.0, 16.0]))
    assert results == [(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)]
    assert list(spread.unordered_map(math.sqrt, [])) == []


def test_only_the_workers_compute(address: str, tmp_path: Path) -> None:
    found = {pid for _, pid in spread.unordered_map(waiting.met, [tmp_path] * 20)}
    assert os.getpid() not in found
    assert len(found) == 2
    assert spread.n_workers() == 2


def test_an_error_of_one_item_is_raised_unchanged(address: str) -> None:
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        list(spread.unordered_map(math.sqrt, [4.0, -1.0, 4.0]))


def dies_once(item: int, *, trace: Path) -> int:
    if item == 3 and not trace.exists():
        trace.touch()
        os._exit(1)
    return item


def test_tasks_of_a_dead_worker_are_done_by_another(address: str, tmp_path: Path) -> None:
    function = partial(dies_once, trace=tmp_path / "died")
    assert sorted(item for _, item in spread.unordered_map(function, range(8))) == list(range(8))
    assert (tmp_path / "died").exists()


def faults(_: int) -> int:
    """Pages that the system gives to this process while it makes an array of 1 MiB 20 times, after the first times."""
    for _ in range(5):
        np.ones(1 << 18, np.float32).sum()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(1 << 18, np.float32).sum()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_a_worker_does_not_return_the_memory_of_each_array(address: str) -> None:
    assert max(found for _, found in spread.unordered_map(faults, range(4))) < 20 * 256 / 2


def always_dies(item: int) -> int:
    if item == 3:
        os._exit(1)
    return item


@pytest.mark.slow
def test_a_task_that_kills_every_worker_ends_the_work_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with local_cluster(2) as dying:
        monkeypatch.setenv("SER_COMPUTE", f"dask://{dying.scheduler_address}")
        with pytest.raises(dask_cluster.Lost, match=r"died at the same task several times; give them more memory"):
            list(spread.unordered_map(always_dies, range(8)))


def test_a_missing_scheduler_is_an_error_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "PATIENCE", 0.5)
    monkeypatch.setenv("SER_COMPUTE", "dask://127.0.0.1:9")
    for ask in (spread.n_workers, lambda: list(spread.unordered_map(math.sqrt, [4.0]))):
        with pytest.raises(dask_cluster.Lost, match=r"no Dask scheduler answers at 127\.0\.0\.1:9 .*SER_COMPUTE=local"):
            ask()


def test_a_cluster_without_workers_is_an_error_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with local_cluster(0) as empty:
        monkeypatch.setenv("SER_COMPUTE", f"dask://{empty.scheduler_address}")
        dask_cluster.client(empty.scheduler_address.removeprefix("tcp://"))  # a busy machine needs longer than that
        monkeypatch.setattr(dask_cluster, "PATIENCE", 0.5)
        for ask in (spread.n_workers, lambda: list(spread.unordered_map(math.sqrt, [4.0]))):
            with pytest.raises(dask_cluster.Lost, match=r"has no workers; start some with `dask worker tcp://127"):
                ask()


def waits(item: int) -> int:
    time.sleep(0.2)
    return item


def test_a_lost_scheduler_ends_the_work_with_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    with local_cluster(1) as lost:
        monkeypatch.setenv("SER_COMPUTE", f"dask://{lost.scheduler_address}")
        results = spread.unordered_map(waits, range(1000))
        next(results)
        lost.close()
        with pytest.raises(
            dask_cluster.Lost, match=r"connection to the Dask scheduler at tcp://127.* is lost; start it again"
        ):
            list(results)


def sleeps(item: int) -> int:
    time.sleep(3 if item == 0 else 0)
    return item


def test_a_slow_task_gives_a_warning(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dask_cluster, "PATIENCE", 1.0)
    assert sorted(item for _, item in spread.unordered_map(sleeps, range(4))) == [0, 1, 2, 3]
    printed = capsys.readouterr().err
    warning = rf"warning: no result from the cluster {address} for 1 s; it has 2 cores and [12] unfinished tasks"
    assert re.search(warning, printed)  # on a busy machine a quick task may be as late


@pytest.mark.slow
def test_a_cluster_on_the_cores_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SER_COMPUTE", "dask://local")
    assert sorted(result for _, result in spread.unordered_map(math.sqrt, [4.0, 9.0])) == [2.0, 3.0]
    dask_cluster.client("local").cluster.close()
    dask_cluster.client.cache_clear()
