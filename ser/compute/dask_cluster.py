"""Work on a Dask cluster, through joblib's backend for it, which alone would wait in silence for what never comes."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, TypeVar

from joblib import Parallel, delayed, parallel_config
from threadpoolctl import ThreadpoolController

from ser.compute.spread import numbered

try:
    import distributed
    from joblib._dask import DaskDistributedBackend
except ImportError as error:
    raise ValueError(
        'a cluster needs Dask, which is not installed; install it with: pip install "ser[cluster]"'
    ) from error

Item = TypeVar("Item")
Result = TypeVar("Result")

LOCAL = "local"
PATIENCE = 60.0  # seconds for the first worker to come, and of silence before it is said
DEADLINE = 600.0  # seconds without any worker, after which the work is given up
LOOK = 0.5  # seconds between two looks at the cluster


class Lost(ValueError):
    """A cluster that cannot be reached, has no workers, or is gone."""


class Backend(DaskDistributedBackend):  # type: ignore[misc]
    """joblib's backend, which tells of tasks that ended in no result.

    joblib's own tells only of tasks that returned or raised: for one whose worker died too often, or whose scheduler is
    gone, its caller would wait forever.
    """

    def submit(self, func: Any, callback: Callable[[Any], None]) -> Any:
        future = super().submit(func, callback)
        future.add_done_callback(lambda done: callback(done.exception()) if done.exception() else None)
        return future

    def effective_n_jobs(self, n_jobs: int) -> int:
        n_cores: int = super().effective_n_jobs(n_jobs)
        return max(2, n_cores)  # what joblib has for one job, it does here and not on the cluster

    def retrieve_result_callback(self, out: Any) -> Any:
        if isinstance(out, BaseException):
            raise out
        return super().retrieve_result_callback(out)

    @property
    def n_pending(self) -> int:
        """Tasks in the works."""
        return len(self._callbacks)

    def fail(self, error: Exception) -> None:
        """End all tasks that are in the works with `error`."""
        for future, callback in list(self._callbacks.items()):
            self._callbacks.pop(future, None)
            callback(error)


def unordered_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, address: str
) -> Iterator[tuple[int, Result]]:
    """`spread.unordered_map` on the cluster whose scheduler is at `address`, or on one of this machine's cores.

    Raises
    ------
    Lost
        If the cluster cannot be reached, has no workers, or is lost, or a task kills the workers that it is given to.
    """
    backend = Backend(client=client(address), wait_for_workers_timeout=PATIENCE)
    work = delayed(partial(_limited, function))
    with parallel_config(backend=backend), _watched(backend, address) as heard:
        tasks = Parallel(return_as="generator_unordered", batch_size=1)
        try:
            for result in tasks(work(*task) for task in enumerate(items)):
                heard()
                yield result
        except distributed.KilledWorker as error:
            raise Lost(
                f"workers of {address} died at the same task several times; give them more memory (dask worker"
                " --memory-limit), or see their logs"
            ) from error
        except distributed.client.FutureCancelledError as error:
            raise Lost(_gone(address)) from error
        except TimeoutError as error:
            raise Lost(_no_workers(address)) from error


def n_workers(address: str) -> int:
    """Cores of all workers, once there is one.

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
    """Connection to a scheduler, or to a cluster of this machine's cores if `address` is `local`.

    Raises
    ------
    Lost
        If there is none.
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
    """Say when nothing comes, and end the work when nothing can come; gives what is to be called at each result."""
    last = [time.monotonic()]
    done = threading.Event()

    def heard() -> None:
        last[0] = time.monotonic()

    def watch() -> None:
        said = last[0]
        while not done.wait(LOOK):
            now = time.monotonic()
            if backend.client.status in ("closing", "closed"):
                backend.fail(Lost(_gone(address)))
            elif now - max(last[0], said) > PATIENCE:
                said = now
                n_cores = sum(backend.client.ncores().values())
                print(
                    f"warning: nothing came from the cluster {address} for {now - last[0]:.0f} s; it has {n_cores}"
                    f" cores, {backend.n_pending} tasks are in the works",
                    file=sys.stderr,
                )
                if not n_cores and now - last[0] > DEADLINE:
                    backend.fail(Lost(_no_workers(address)))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        done.set()
        thread.join(timeout=1)  # it may be asking a cluster that is gone


def _limited(function: Callable[[Item], Result], number: int, item: Item) -> tuple[int, Result]:
    # One numeric thread: sums must not depend on the cores of a worker.
    with _numeric_threads().limit(limits=1):
        return numbered(function, number, item)


@cache
def _numeric_threads() -> ThreadpoolController:
    return ThreadpoolController()


def _gone(address: str) -> str:
    return (
        f"the connection to the Dask scheduler at {address} is lost; start it anew and run again: what was finished"
        " is in the cache"
    )


def _no_workers(address: str) -> str:
    return f"the cluster {address} has no workers; start some with `dask worker {address}`, or set SER_COMPUTE=local"
