"""How work is spread, over the cores of this machine or a Dask cluster: never what is computed.

`SER_COMPUTE` says which: `local`, the default; `dask://HOST:PORT`, the scheduler of a cluster; `dask://local`, a
cluster of this machine's cores.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import TypeVar

from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")

LOCAL = "local"
DASK = "dask://"


def unordered_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, threads: bool = False, n_here: int = 1
) -> Iterator[tuple[int, Result]]:
    """Number of each item, and what `function` makes of it, as soon as it is there, in any order.

    `LOKY_MAX_CPU_COUNT` limits the cores of this machine.

    Parameters
    ----------
    threads
        Suits functions that spend their time outside Python (decoding, hashing); processes suit the others.
    n_here
        Items, at least 1, that this process does itself, before other processes of this machine do the rest.

    Raises
    ------
    ValueError
        If `SER_COMPUTE` is none of those above, or its cluster cannot be reached, has no workers, or is lost.
    """
    if address := cluster():
        from ser.compute import dask_cluster  # an optional extra

        yield from dask_cluster.unordered_map(function, items, address=address)
    elif threads:
        with parallel_config(backend="threading", n_jobs=-1):
            yield from _parallel(function, items, first=0)
    else:
        yield from _by_processes(function, items, n_here=n_here)


def _by_processes(
    function: Callable[[Item], Result], items: Sequence[Item], *, n_here: int
) -> Iterator[tuple[int, Result]]:
    # One numeric thread each: all cores are taken already, and sums do not depend on how many there are; on one core
    # joblib works in this process, which is limited, too. The first item is done here, while the workers start: numba
    # compiles what librosa calls at its first use, and keeps it in a cache on disk, which crashes processes that write
    # it at the same time (seen in one of four first runs).
    with _workers_starting(function, n_items=len(items) - n_here):
        for number in range(min(n_here, len(items))):
            with threadpool_limits(1):
                result = function(items[number])
            yield number, result
    with threadpool_limits(1), _workers():
        yield from _parallel(function, items[n_here:], first=n_here)


def _workers() -> parallel_config:
    return parallel_config(backend="loky", n_jobs=-1, inner_max_num_threads=1)


@contextmanager
def _workers_starting(function: Callable[[Item], Result], *, n_items: int) -> Iterator[None]:
    """Have the workers import what `function` needs meanwhile, if they will have items."""
    with _workers():
        tasks = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="all")
        started = tasks(delayed(_imported)(function) for _ in range(min(n_workers(), n_items)))
    try:
        yield
    finally:
        deque(started, maxlen=0)


def _imported(function: Callable[[Item], Result]) -> None:
    """Nothing: to be given a function is to import its module."""


def _parallel(function: Callable[[Item], Result], items: Sequence[Item], *, first: int) -> Iterator[tuple[int, Result]]:
    work = delayed(partial(numbered, function))
    tasks = Parallel(return_as="generator_unordered", batch_size=1)
    yield from tasks(work(*task) for task in zip(count(first), items, strict=False))


def numbered(function: Callable[[Item], Result], number: int, item: Item) -> tuple[int, Result]:
    """The number, and what `function` makes of the item."""
    return number, function(item)


def n_workers() -> int:
    """Cores that work is spread over.

    Raises
    ------
    ValueError
        As `unordered_map`.
    """
    if address := cluster():
        from ser.compute import dask_cluster

        return dask_cluster.n_workers(address)
    with parallel_config(backend="loky", n_jobs=-1):
        n_cores: int = effective_n_jobs()
    return n_cores


def cluster() -> str | None:
    """Address of the Dask cluster that `SER_COMPUTE` names; None for the cores of this machine.

    Raises
    ------
    ValueError
        If it names neither.
    """
    given = os.environ.get("SER_COMPUTE") or LOCAL
    if given == LOCAL:
        return None
    address = given.removeprefix(DASK)
    if address == given or not address:
        raise ValueError(f"SER_COMPUTE is {given!r}; set it to local, dask://local, or dask://HOST:PORT of a scheduler")
    return address
