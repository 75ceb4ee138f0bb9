"""Computations in processes of their own, whose memory goes when they end."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent import futures
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Item = TypeVar("Item")
Result = TypeVar("Result")
Tell = Callable[..., None]

POSITION = "TQDM_POSITION"  # line of a process's progress bars; read as tqdm is imported
ONE_THREAD = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")
SECONDS = 0.2  # between looks at what the processes tell


class Died(Exception):
    """The process was killed, perhaps since there was not enough memory."""


def in_own_process(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **options: Arguments.kwargs
) -> Result:
    """What `function` returns, or raises, in a new process, which ends with it, or when this one does.

    Its progress bars are shown below that of this process.

    Raises
    ------
    Died
        If the process was killed.
    """
    try:
        with _environment({POSITION: "1"}), ProcessPoolExecutor(1, get_context("spawn"), _end_with_parent) as executor:
            return executor.submit(function, *arguments, **options).result()
    except BrokenProcessPool as error:
        raise Died from error


def side_by_side(
    function: Callable[[Tell, Item], Result], items: Sequence[Item], *, n_processes: int, hear: Tell
) -> Iterator[tuple[Item, Result]]:
    """Each item, and what `function` returns for it, as soon as it is there, from processes of one numeric thread each.

    One thread, so that no sum depends on how many cores there are; and two networks are trained in less time by two
    processes of one thread than one after the other by two threads. The processes end when this one does, and when it
    is interrupted, or one of them fails.

    Parameters
    ----------
    function
        Of what it may call to tell something to this process, and an item.
    hear
        Called here with what was told.

    Raises
    ------
    Died
        If a process was killed; what `function` raises, otherwise.
    """
    context = get_context("spawn")
    told, (end, held) = context.SimpleQueue(), context.Pipe(duplex=False)
    try:
        with (
            _environment(ONE_THREAD | {POSITION: os.environ.get(POSITION, "0")}),
            ProcessPoolExecutor(n_processes, context, _begin, (told, end, context.RLock())) as executor,
        ):
            try:
                waiting = {}
                for position, item in enumerate(items, int(os.environ[POSITION])):
                    os.environ[POSITION] = str(position)  # of the process that this may start
                    waiting[executor.submit(_telling, function, item)] = item
                executor.submit(int)  # nothing; it has the executor watch the last process, which it started unwatched
                while waiting:
                    done, _ = futures.wait(waiting, SECONDS, futures.FIRST_COMPLETED)
                    for future in done:
                        future.result()  # of a process that was killed, half a message may be in the queue
                    while not told.empty():
                        hear(*told.get())
                    yield from [(waiting.pop(future), future.result()) for future in done]
            except BaseException:
                held.close()
                raise
    except BrokenProcessPool as error:
        raise Died from error


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment, which new processes inherit, for a while."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


_told: Any = None  # queue to the parent, of a process of `side_by_side`


def _begin(told: Any, end: Connection, lock: Any) -> None:
    """Show bars in turns with the others; end when the parent does, or lets go of the pipe's other end."""
    from tqdm import tqdm

    global _told  # the one way in which an initializer can hand something to what comes after it
    _told = told
    tqdm.set_lock(lock)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, too, and lets go
    _end_with_parent(end)


def _telling(function: Callable[[Tell, Item], Result], item: Item) -> Result:
    return function(lambda *message: _told.put(message), item)


def _end_with_parent(*others: Connection) -> None:
    """Or a process whose parent was killed would go on, beside the next one that is started; `others` end it, too."""
    parent = parent_process()
    if parent is not None:
        ends: list[Any] = [parent.sentinel, *others]
        threading.Thread(target=lambda: (wait(ends), os._exit(1)), daemon=True).start()
