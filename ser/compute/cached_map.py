"""Apply a function to many items on all cores, and only to those whose results the cache does not have."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

from ser.compute import cache, spread

CHUNK = 16  # items a task: tens of milliseconds, beside which handing it to a process is little
FEW = 8  # chunks, of which a second is spent: processes take longer to start
CHUNKS_A_WORKER = 32  # of a round, at whose end some workers wait for the last chunk

Item = TypeVar("Item")
Result = TypeVar("Result")


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
    """Results of `function`, which takes some of the items, in the order of `items`.

    Items go through in rounds, so that few results are in memory at once, and what is computed is kept as soon as it
    is there: who is killed loses the chunks that were in the works. A progress bar is shown on a terminal.

    Parameters
    ----------
    keys
        Items to their names in the cache: all that a result depends on.
    encoded, decoded
        A result to what the cache keeps, or to None if it is to be computed anew each time; and back.
    threads
        Whether `function` spends its time outside Python (decoding, hashing); else each worker is a process.
    """
    size = CHUNK * CHUNKS_A_WORKER * spread.n_workers()
    progress = tqdm(total=len(items), desc=description, unit="utterance", disable=None)
    with cache.opened() as store, progress:
        for start in range(0, len(items), size):
            part = items[start : start + size]
            names = keys(part)
            results = {k: decoded(content) for k, content in enumerate(store.read(names)) if content is not None}
            progress.update(len(results))
            chunks = _chunks([k for k in range(len(part)) if k not in results], first_alone=not threads)
            tasks = [[part[k] for k in chunk] for chunk in chunks]
            begin = 0
            n_here = len(tasks) if len(tasks) <= FEW else 1
            for number, values in spread.unordered_map(function, tasks, threads=threads, n_here=n_here):
                made = dict(zip(chunks[number], values, strict=True))
                store.write({names[k]: content for k, one in made.items() if (content := encoded(one)) is not None})
                results |= made
                progress.update(len(made))
                while begin in results:  # handed over while others are in the works, not when they all are done
                    yield results.pop(begin)
                    begin += 1
            for k in range(begin, len(part)):
                yield results.pop(k)


def _chunks(indices: Sequence[int], *, first_alone: bool) -> list[Sequence[int]]:
    """Indices, `CHUNK` at a time; the first one alone, if it is done before the others."""
    head = 1 if first_alone else 0
    chunks = [indices[:head], *(indices[k : k + CHUNK] for k in range(head, len(indices), CHUNK))]
    return [chunk for chunk in chunks if chunk]
