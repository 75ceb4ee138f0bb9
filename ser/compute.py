"""How work is spread over cores: never what is computed."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_limits
from tqdm import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, description: str, threads: bool = False
) -> Iterator[Result]:
    """Apply `function` to `items` on all cores, yield results in order, show a progress bar on a terminal.

    `threads` suits functions that spend their time outside Python (decoding, hashing); processes suit the others.
    `LOKY_MAX_CPU_COUNT` limits the cores.
    """
    results = _by_threads(function, items) if threads else _by_processes(function, items)
    yield from tqdm(results, total=len(items), desc=description, unit="utterance", disable=None)


def _by_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    with parallel_config(backend="threading", n_jobs=-1):
        yield from Parallel(return_as="generator")(delayed(function)(item) for item in items)


def _by_processes(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    # One numeric thread each: all cores are taken already, and sums do not depend on how many there are; on one core
    # joblib works in this process, which is limited, too. The first item is done here: numba compiles what librosa
    # calls at its first use, and keeps it in a cache on disk, which crashes processes that write it at the same time
    # (seen in one of four first runs).
    with threadpool_limits(1):
        first = list(map(function, items[:1]))
    yield from first
    with threadpool_limits(1), parallel_config(backend="loky", n_jobs=-1, inner_max_num_threads=1):
        yield from Parallel(return_as="generator")(delayed(function)(item) for item in items[1:])
