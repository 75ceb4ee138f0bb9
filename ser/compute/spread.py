"""Spread work over the cores of this machine or a Dask cluster; the results are the same.

`SER_COMPUTE` selects where: `local` (the default), `dask://HOST:PORT` (the scheduler of a cluster), or `dask://local`
(a Dask cluster on the cores of this machine).
"""

import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import TypeVar

from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_limits

from ser.compute import forks

Item = TypeVar("Item")
Result = TypeVar("Result")

LOCAL = "local"
DASK = "dask://"


def unordered_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, threads: bool = False, n_here: int = 1
) -> Iterator[tuple[int, Result]]:
    """Apply `function` to each item; yield the item's index and its result as soon as it is ready, in any order.

    `LOKY_MAX_CPU_COUNT` limits the number of cores on this machine.

    Parameters
    ----------
    threads
        True for functions that spend their time outside Python (decoding, hashing); otherwise workers are processes.
    n_here
        Number of items, at least 1, that this process computes itself before other processes of this machine compute
        the rest. Only one where other processes start within milliseconds.

    Raises
    ------
    ValueError
        If `SER_COMPUTE` is not valid, or its cluster cannot be reached, has no workers, or is lost.

    Examples
    --------
    >>> sorted(unordered_map(len, ["a", "bcd", "ef"], threads=True))
    [(0, 1), (1, 3), (2, 2)]
    """
    with spreading(function, threads=threads) as spread_over:
        yield from spread_over(items, n_here)


@contextmanager
def spreading(
    function: Callable[[Item], Result], *, threads: bool = False
) -> Iterator[Callable[[Sequence[Item], int], Iterator[tuple[int, Result]]]]:
    """Give a function of items and `n_here`, as `unordered_map` takes them; its workers stay between calls.

    Examples
    --------
    >>> with spreading(len, threads=True) as lengths:
    ...     sorted(lengths(["a", "bcd"], 1)), list(lengths(["ef"], 1))
    ([(0, 1), (1, 3)], [(0, 2)])
    """
    if address := cluster():
        from ser.compute import dask_cluster  # needs an optional extra

        yield lambda items, _: dask_cluster.unordered_map(function, items, address=address)
    elif threads:
        yield lambda items, _: _by_threads(function, items)
    elif forks.are_safe() and (n_cores := n_workers()) > 1:
        copies = forks.Forks(function, n_processes=n_cores)
        try:
            yield lambda items, _: _by_copies(copies, function, items)
        finally:
            copies.close()
    else:
        yield lambda items, n_here: _by_processes(function, items, n_here=n_here)


def _by_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
    with parallel_config(backend="threading", n_jobs=-1):
        yield from _parallel(function, items, first=0)


def _by_copies(
    copies: "forks.Forks[Item, Result]", function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[tuple[int, Result]]:
    # The copies share what the first item has imported, loaded and compiled.
    n_here = 0 if copies.have_started else 1
    yield from _here(function, items[:n_here])
    rest = items[n_here:]
    if copies.have_started or forks.are_safe():
        yield from copies(rest, first=n_here)
    else:  # the first item has imported a library with threads
        yield from ((n_here + number, result) for number, result in _by_processes(function, rest, n_here=0))


def _by_processes(
    function: Callable[[Item], Result], items: Sequence[Item], *, n_here: int
) -> Iterator[tuple[int, Result]]:
    # Each process has one numeric thread: all cores are busy anyway, and sums must not depend on the number of cores.
    # With one core joblib works in this process, so this process is limited as well. The first item is computed here
    # while the workers start: numba compiles functions of librosa at their first call and caches them on disk, and
    # processes that write this cache at the same time crash (seen in one of four first runs).
    with _workers_starting(function, n_items=len(items) - n_here):
        yield from _here(function, items[:n_here])
    with threadpool_limits(1), _workers():
        yield from _parallel(function, items[n_here:], first=n_here)


def _here(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
    for number, item in enumerate(items):
        with threadpool_limits(1):
            result = function(item)
        yield number, result


def _workers() -> parallel_config:
    return parallel_config(backend="loky", n_jobs=-1, inner_max_num_threads=1)


@contextmanager
def _workers_starting(function: Callable[[Item], Result], *, n_items: int) -> Iterator[None]:
    """Start workers for `n_items`; they import the module of `function` while the block runs."""
    with _workers():
        tasks = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="all")
        started = tasks(delayed(_imported)(function) for _ in range(min(n_workers(), n_items)))
    try:
        yield
    finally:
        deque(started, maxlen=0)


def _imported(function: Callable[[Item], Result]) -> None:
    """Do nothing: a worker imports the module of `function` when it receives it."""


def _parallel(function: Callable[[Item], Result], items: Sequence[Item], *, first: int) -> Iterator[tuple[int, Result]]:
    work = delayed(partial(numbered, function))
    tasks = Parallel(return_as="generator_unordered", batch_size=1)
    results = tasks(work(*task) for task in zip(count(first), items, strict=False))
    try:
        for result in results:  # noqa: UP028  # `yield from` would close them outside of the block below
            yield result
    except TerminatedWorkerError:
        raise OSError(forks.KILLED) from None
    finally:
        with warnings.catch_warnings():  # whoever takes no more results, such as a search after a failure, means it
            warnings.filterwarnings("ignore", message=".*You could benefit from adjusting", category=UserWarning)
            results.close()


def numbered(function: Callable[[Item], Result], number: int, item: Item) -> tuple[int, Result]:
    """Return `number` and the result of the item.

    Examples
    --------
    >>> numbered(len, 4, "abc")
    (4, 3)
    """
    return number, function(item)


def n_workers() -> int:
    """Number of cores that work is spread over.

    Raises
    ------
    ValueError
        For the same reasons as `unordered_map`.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, SER_COMPUTE="local", LOKY_MAX_CPU_COUNT="1"):
    ...     n_workers()
    1
    """
    if address := cluster():
        from ser.compute import dask_cluster

        return dask_cluster.n_workers(address)
    with parallel_config(backend="loky", n_jobs=-1):
        n_cores: int = effective_n_jobs()
    return n_cores


def cluster() -> str | None:
    """Address of the Dask cluster in `SER_COMPUTE`; None for the cores of this machine.

    Raises
    ------
    ValueError
        If `SER_COMPUTE` is not valid.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, SER_COMPUTE="dask://10.0.0.1:8786"):
    ...     cluster()
    '10.0.0.1:8786'
    """
    given = os.environ.get("SER_COMPUTE") or LOCAL
    if given == LOCAL:
        return None
    address = given.removeprefix(DASK)
    if address == given or not address:
        raise ValueError(f"SER_COMPUTE is {given!r}; set it to local, dask://local, or dask://HOST:PORT of a scheduler")
    return address
