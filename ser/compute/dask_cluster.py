"""Run work on a Dask cluster through joblib's backend, with warnings and errors when the cluster stops responding.

joblib's backend alone would wait forever without a message.
"""

import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from typing import Any, TypeVar

from joblib import Parallel, delayed, parallel_config
from threadpoolctl import ThreadpoolController

from ser.core import extras

try:
    import distributed
    from joblib._dask import DaskDistributedBackend
except ImportError as error:
    raise ValueError(f"a cluster needs Dask, which is not installed; {extras.remedy('cluster')}") from error

Item = TypeVar("Item")
Result = TypeVar("Result")

LOCAL = "local"
PATIENCE = 60.0  # seconds to wait for the first worker, and without a result before a warning
DEADLINE = 600.0  # seconds without any worker before the work ends with an error
# Parameters of mallopt in glibc, and bytes: free memory that a process keeps (M_TRIM_THRESHOLD), and the smallest block
# that is returned at once (M_MMAP_THRESHOLD); the second is the largest that glibc chooses by itself.
ALLOCATION = {-1: 2**28, -3: 2**25}
CHECK_INTERVAL = 0.5  # seconds between two checks of the cluster


class Lost(ValueError):
    """The cluster cannot be reached, has no workers, or is lost.

    Examples
    --------
    >>> isinstance(Lost("the cluster 10.0.0.1:8786 has no workers"), ValueError)
    True
    """


class Backend(DaskDistributedBackend):  # type: ignore[misc]
    """joblib's backend for Dask, with errors for tasks that end without a result.

    joblib's own backend reports only tasks that returned or raised. If the workers of a task die too often, or the
    scheduler is lost, its caller waits forever.
    """

    def submit(self, func: Any, callback: Callable[[Any], None]) -> Any:
        future = super().submit(func, callback)
        future.add_done_callback(lambda done: callback(done.exception()) if done.exception() else None)
        return future

    def effective_n_jobs(self, n_jobs: int) -> int:
        n_cores: int = super().effective_n_jobs(n_jobs)
        return max(2, n_cores)  # with one job joblib would work in this process, not on the cluster

    def retrieve_result_callback(self, out: Any) -> Any:
        if isinstance(out, BaseException):
            raise out
        return super().retrieve_result_callback(out)

    @property
    def n_pending(self) -> int:
        """Number of unfinished tasks."""
        return len(self._callbacks)

    def fail(self, error: Exception) -> None:
        """End all unfinished tasks with `error`."""
        for future, callback in list(self._callbacks.items()):
            self._callbacks.pop(future, None)
            callback(error)


def unordered_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, address: str
) -> Iterator[tuple[int, Result]]:
    """Apply `function` to each item on a cluster; yield index and result in any order, as `spread.unordered_map` does.

    Parameters
    ----------
    address
        Address of the scheduler, or `local` for a cluster on the cores of this machine.

    Raises
    ------
    Lost
        If the cluster cannot be reached, has no workers, or is lost, or if workers die repeatedly at the same task.
    """
    backend = Backend(client=client(address), wait_for_workers_timeout=PATIENCE)
    work = delayed(partial(_limited, function))
    with parallel_config(backend=backend), _watched(backend, address) as on_result:
        tasks = Parallel(return_as="generator_unordered", batch_size=1)
        try:
            for result in tasks(work(*task) for task in enumerate(items)):
                on_result()
                yield result
        except distributed.KilledWorker as error:
            raise Lost(
                f"workers of {address} died at the same task several times; give them more memory (dask worker"
                " --memory-limit), or read their logs"
            ) from error
        except distributed.client.FutureCancelledError as error:
            raise Lost(_gone(address)) from error
        except TimeoutError as error:
            raise Lost(_no_workers(address)) from error


def n_workers(address: str) -> int:
    """Number of cores of all workers; waits for the first worker.

    Raises
    ------
    Lost
        If the cluster cannot be reached or has no workers.
    """
    connection = client(address)
    try:
        connection.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        raise Lost(_no_workers(address)) from error
    return sum(connection.ncores().values())


@cache
def client(address: str) -> Any:
    """Connection to the scheduler at `address`, or to a new cluster on this machine's cores if it is `local`.

    Raises
    ------
    Lost
        If no scheduler answers.
    """
    if address == LOCAL:
        cluster = distributed.LocalCluster(threads_per_worker=1, dashboard_address=":0")
        return distributed.Client(cluster, set_as_default=False)
    try:
        return distributed.Client(address, set_as_default=False, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise Lost(
            f"no Dask scheduler answers at {address} ({error}); start one with `dask scheduler`, or set"
            " SER_COMPUTE=local"
        ) from error


@contextmanager
def _watched(backend: Backend, address: str) -> Iterator[Callable[[], None]]:
    """Warn when results stop, and end the work when the cluster is lost; give a function to call at each result."""
    last = [time.monotonic()]
    done = threading.Event()

    def on_result() -> None:
        last[0] = time.monotonic()

    def watch() -> None:
        warned = last[0]
        while not done.wait(CHECK_INTERVAL):
            now = time.monotonic()
            if backend.client.status in ("closing", "closed"):
                backend.fail(Lost(_gone(address)))
            elif now - max(last[0], warned) > PATIENCE:
                warned = now
                n_cores = sum(backend.client.ncores().values())
                print(
                    f"warning: no result from the cluster {address} for {now - last[0]:.0f} s; it has {n_cores} cores"
                    f" and {backend.n_pending} unfinished tasks",
                    file=sys.stderr,
                )
                if not n_cores and now - last[0] > DEADLINE:
                    backend.fail(Lost(_no_workers(address)))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield on_result
    finally:
        done.set()
        thread.join(timeout=1)  # it may be waiting for an answer of a lost cluster


def _limited(function: Callable[[Item], Result], number: int, item: Item) -> tuple[int, Result]:
    _keep_memory()
    # One numeric thread, so that sums do not depend on the number of cores of a worker.
    with _numeric_threads().limit(limits=1):
        return number, function(item)


@cache
def _keep_memory() -> None:
    """Let this process reuse the memory of its arrays, as processes do that Dask did not start.

    Dask starts workers with a setting of glibc by which each array of 128 KiB and more returns its memory to the
    system. Getting it again took a third of the processor time of an extraction.
    """
    with suppress(OSError, AttributeError):  # without glibc there is no such setting
        adjust = ctypes.CDLL(None).mallopt
        for parameter, size in ALLOCATION.items():
            adjust(parameter, size)


@cache
def _numeric_threads() -> ThreadpoolController:
    return ThreadpoolController()


def _gone(address: str) -> str:
    return (
        f"the connection to the Dask scheduler at {address} is lost; start it again and repeat the run: finished"
        " results are in the cache"
    )


def _no_workers(address: str) -> str:
    return f"the cluster {address} has no workers; start some with `dask worker {address}`, or set SER_COMPUTE=local"
