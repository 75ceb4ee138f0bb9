"""Workers that are copies of this process: they start within milliseconds, and share what it has imported and loaded.

A new process would import the libraries again, and load networks again: seconds of both cores, which is more than the
extraction of a thousand short recordings takes.
"""

import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import count
from multiprocessing import get_context
from typing import Any, Generic, TypeVar

from joblib import cpu_count
from threadpoolctl import threadpool_limits

from ser.compute import processes
from ser.core import stage

Item = TypeVar("Item")
Result = TypeVar("Result")

# Their threads would be missing in a copy, which would wait for them forever.
WITH_THREADS = {"jax", "onnxruntime", "tensorflow", "torch"}
KILLED = (
    "a worker process was killed, perhaps because memory ran out; run again with one process:"
    " LOKY_MAX_CPU_COUNT=1 dvc repro (results in the cache are not computed again)"
)
QUEUED = 4  # tasks of each worker that are handed out at once: a worker then has work while this process writes
ONE_THREAD_VARIABLES = processes.ONE_THREAD_VARIABLES | dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def are_safe() -> bool:
    """True in a stage on Linux, which runs nothing else, if no library has threads that a copy would lack.

    Examples
    --------
    >>> are_safe()  # this is no stage
    False
    """
    return sys.platform == "linux" and stage.is_running() and WITH_THREADS.isdisjoint(sys.modules)


class Forks(Generic[Item, Result]):
    """Copies of this process that apply a function to items; they start with the first item, and end with `close`.

    The function is not sent to them, so it need not be one that pickle takes; items and results are.

    Examples
    --------
    >>> forks = Forks(len, n_processes=2)
    >>> sorted(forks(["a", "bcd"], first=5))
    [(5, 1), (6, 3)]
    >>> forks.close()
    """

    def __init__(self, function: Callable[[Item], Result], *, n_processes: int) -> None:
        self._function, self._n_processes = function, n_processes
        self._executor: ProcessPoolExecutor | None = None
        self.have_started = False

    def __call__(self, items: Sequence[Item], *, first: int) -> Iterator[tuple[int, Result]]:
        """Yield the index of each item, from `first` on, and its result as soon as it is ready, in any order.

        Raises
        ------
        OSError
            If a worker was killed.
        RuntimeError
            If the function raised an exception that pickle does not restore; others are raised unchanged.
        """
        waiting: dict[futures.Future[Result], int] = {}
        rest = zip(count(first), items, strict=False)
        try:
            while True:
                for number, item in rest:
                    waiting[self._submitted(item)] = number
                    if len(waiting) >= QUEUED * self._n_processes:
                        break
                if not waiting:
                    return
                done, _ = futures.wait(waiting, return_when=futures.FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()
        except BrokenProcessPool:
            raise OSError(KILLED) from None

    def _submitted(self, item: Item) -> "futures.Future[Result]":
        if self._executor is None:
            context = get_context("fork")
            self._executor = ProcessPoolExecutor(self._n_processes, context, _begin, (self._function,))
            self.have_started = True
        with warnings.catch_warnings():
            # Python 3.12 warns of any thread of a process that is copied; those of progress bars and pools hold no lock
            # that a worker takes.
            warnings.filterwarnings("ignore", message=".*multi-threaded, use of fork", category=DeprecationWarning)
            return self._executor.submit(_applied, item)

    def close(self) -> None:
        """End the copies, after the tasks in progress."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None


def map_indexed(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
    """Yield the index of each item and its result as soon as it is ready: of copies, or of this process if unsafe.

    Raises
    ------
    OSError
        If a worker was killed.

    Examples
    --------
    >>> dict(map_indexed(len, ["a", "bcd"]))
    {0: 1, 1: 3}
    """
    n_processes = min(cpu_count(), len(items))
    if n_processes < 2 or not are_safe():
        yield from ((number, function(item)) for number, item in enumerate(items))
        return
    copies = Forks(function, n_processes=n_processes)
    try:
        yield from copies(items, first=0)
    finally:
        copies.close()


_function: Callable[[Any], Any] | None = None  # of this copy


def _begin(function: Callable[[Any], Any]) -> None:
    global _function  # an initializer cannot hand over a value in another way
    _function = function
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent receives it as well, and closes
    os.environ |= ONE_THREAD_VARIABLES  # for libraries that are imported later
    threadpool_limits(1)  # all cores are busy anyway, and sums must not depend on their number
    processes.end_with_parent()


def _applied(item: Any) -> Any:
    assert _function is not None
    try:
        return _function(item)
    except Exception as error:
        if _can_be_sent(error):
            raise
        message = f"{type(error).__name__}: {error}"
    # Outside the block above, because tblib, where Dask has loaded it, sends an error with those that it came from.
    raise RuntimeError(message)


def _can_be_sent(error: Exception) -> bool:
    """True if another process can restore the error; otherwise the executor would report a killed worker."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # the methods of the error's class may raise anything
        return False
    return True
