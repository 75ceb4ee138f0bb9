"""Apply a function to many items on all cores; results that are in the cache are not computed again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tqdm import tqdm

from ser.compute import cache, spread

CHUNK = 16  # items per task: tens of milliseconds of work, far more than the cost of sending a task to a process
LAST = 4  # tasks for each worker that are left when they become smaller, so that no worker waits long for the last one
FEW = 8  # chunks, about a second of work: starting processes takes longer
CHUNKS_PER_WORKER = 32  # chunks in a round, at whose end some workers wait for the last chunk

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Work(Generic[Item, Result]):
    """How results are computed and cached; the last four fields are the arguments of `computed`."""

    spread_over: Callable[[Sequence[Sequence[Item]], int], Iterator[tuple[int, Sequence[Result]]]]
    """Chunks, and the number of those that this process computes itself -> number and results of each chunk."""
    n_workers: int
    keys: Callable[[Sequence[Item]], Sequence[str]]
    encoded: Callable[[Result], bytes | None]
    decoded: Callable[[bytes], Result]
    threads: bool


def computed(
    function: Callable[[Sequence[Item]], Sequence[Result]],
    items: Sequence[Item],
    *,
    keys: Callable[[Sequence[Item]], Sequence[str]],
    encoded: Callable[[Result], bytes | None],
    decoded: Callable[[bytes], Result],
    description: str,
    threads: bool = False,
) -> Iterator[Result]:
    """Yield the result of each item, in the order of `items`.

    Items are processed in rounds, so that memory holds few results at once. Each chunk is cached as soon as it is
    computed: a run that is killed loses only the chunks in progress. A progress bar is shown on a terminal.

    Parameters
    ----------
    function
        Several items to their results.
    keys
        Several items to their names in the cache; a name must cover everything that the result depends on.
    encoded
        A result to the bytes that the cache keeps, or to None if the result must not be cached.
    decoded
        The inverse of `encoded`.
    description
        Label of the progress bar.
    threads
        True for functions that spend their time outside Python (decoding, hashing); otherwise workers are processes.

    Examples
    --------
    >>> import os
    >>> import tempfile
    >>> from unittest.mock import patch
    >>> asked: list[str] = []
    >>> def lengths(words):
    ...     asked.extend(words)
    ...     return [len(word) for word in words]
    >>> how = {"keys": list, "encoded": lambda n: b"%d" % n, "decoded": int, "description": "lengths", "threads": True}
    >>> with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, SER_CACHE_DIR=folder, SER_CACHE_GB="1"):
    ...     list(computed(lengths, ["a", "bcd"], **how)), list(computed(lengths, ["bcd", "ef"], **how))
    ([1, 3], [3, 2])
    >>> sorted(asked)  # "bcd" was in the cache
    ['a', 'bcd', 'ef']
    """
    n_workers = spread.n_workers()
    size = CHUNK * CHUNKS_PER_WORKER * n_workers
    progress = tqdm(total=len(items), desc=description, unit="utterance", disable=None)
    with cache.opened() as store, progress, spread.spreading(function, threads=threads) as spread_over:
        work = _Work(spread_over, n_workers, keys, encoded, decoded, threads)
        for start in range(0, len(items), size):
            yield from _round(work, items[start : start + size], store, progress)


def _round(
    work: _Work[Item, Result], items: Sequence[Item], store: cache.Store, progress: "tqdm[Any]"
) -> Iterator[Result]:
    """Yield the results of one round in order, each as soon as it and all before it are ready."""
    names = work.keys(items)
    results = {k: work.decoded(content) for k, content in enumerate(store.read(names)) if content is not None}
    progress.update(len(results))
    begin = 0
    for new in _new_results(work, items, [k for k in range(len(items)) if k not in results]):
        store.write({names[k]: content for k, one in new.items() if (content := work.encoded(one)) is not None})
        results |= new
        progress.update(len(new))
        while begin in results:
            yield results.pop(begin)
            begin += 1
    for k in range(begin, len(items)):
        yield results.pop(k)


def _new_results(
    work: _Work[Item, Result], items: Sequence[Item], missing: Sequence[int]
) -> Iterator[dict[int, Result]]:
    """Compute the items at the indices `missing`; yield index and result, one chunk at a time, in any order."""
    chunks = _chunks(missing, first_alone=not work.threads, n_workers=work.n_workers)
    tasks = [[items[k] for k in chunk] for chunk in chunks]
    n_here = len(tasks) if len(missing) <= FEW * CHUNK else 1
    for number, values in work.spread_over(tasks, n_here):
        yield dict(zip(chunks[number], values, strict=True))


def _chunks(indices: Sequence[int], *, first_alone: bool, n_workers: int) -> list[Sequence[int]]:
    """Indices in chunks of at most `CHUNK`, the last ones smaller; the first index is alone if `first_alone`.

    Examples
    --------
    >>> [len(chunk) for chunk in _chunks(range(100), first_alone=True, n_workers=1)]
    [1, 16, 16, 16, 13, 10, 7, 6, 4, 3, 2, 2, 1, 1, 1, 1]
    """
    chunks, begin = [], 0
    while begin < len(indices):
        is_first = first_alone and begin == 0
        size = 1 if is_first else min(CHUNK, -(-(len(indices) - begin) // (LAST * n_workers)))
        chunks.append(indices[begin : begin + size])
        begin += size
    return chunks
