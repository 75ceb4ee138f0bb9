"""How work is spread over cores: never what is computed."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from joblib import Parallel, delayed, parallel_config
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
    # One numeric thread a worker: all cores are taken already, and sums do not depend on how many there are.
    inner: dict[str, int] = {} if threads else {"inner_max_num_threads": 1}
    with parallel_config(backend="threading" if threads else "loky", n_jobs=-1, **inner):
        results = Parallel(return_as="generator")(delayed(function)(item) for item in items)
        yield from tqdm(results, total=len(items), desc=description, unit="utterance", disable=None)
