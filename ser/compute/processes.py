"""Run functions in processes of their own; a process frees its memory when it ends."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent import futures
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Item = TypeVar("Item")
Result = TypeVar("Result")
Send = Callable[..., None]
"""Function that sends its arguments, as a message, to the parent process."""

POSITION = "TQDM_POSITION"  # line of a process's progress bars; tqdm reads it when it is imported
ONE_THREAD_VARIABLES = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")
SECONDS = 0.2  # between two checks for messages


class Died(Exception):
    """The process was killed, perhaps because memory ran out.

    Examples
    --------
    >>> in_own_process(os._exit, 1)
    Traceback (most recent call last):
    ser.compute.processes.Died
    """


def in_own_process(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **options: Arguments.kwargs
) -> Result:
    """Run `function` in a new process and return its result; its exceptions are raised here.

    The process ends with the function, or when this process ends. Its progress bars are shown below those of this
    process.

    Raises
    ------
    Died
        If the process was killed.

    Examples
    --------
    >>> in_own_process(len, "abc")
    3
    >>> in_own_process(int, "abc")
    Traceback (most recent call last):
    ValueError: invalid literal for int() with base 10: 'abc'
    """
    try:
        with _environment({POSITION: "1"}), ProcessPoolExecutor(1, get_context("spawn"), end_with_parent) as executor:
            return executor.submit(function, *arguments, **options).result()
    except BrokenProcessPool as error:
        raise Died from error


def map_items(
    function: Callable[[Send, Item], Result], items: Sequence[Item], *, n_processes: int, on_message: Send
) -> Iterator[tuple[Item, Result]]:
    """Apply `function` to the items in parallel processes; yield each item and its result as soon as it is ready.

    Each process has one numeric thread, so that sums do not depend on the number of cores; and two processes of one
    thread train two networks faster than one process of two threads. The processes end when this one ends or is
    interrupted, and when one of them fails.

    Parameters
    ----------
    function
        Called with a function that sends messages to this process, and an item.
    on_message
        Called in this process with the arguments of each message, before the result of its item is yielded.

    Raises
    ------
    Died
        If a process was killed. Exceptions of `function` are raised unchanged.

    Examples
    --------
    >>> from operator import call  # call(send, item) sends the item, and returns nothing
    >>> messages: list[str] = []
    >>> sorted(map_items(call, ["first", "second"], n_processes=1, on_message=messages.append))
    [('first', None), ('second', None)]
    >>> messages
    ['first', 'second']
    """
    context = get_context("spawn")
    messages, (end, other_end) = context.SimpleQueue(), context.Pipe(duplex=False)
    try:
        with (
            _environment(ONE_THREAD_VARIABLES | {POSITION: os.environ.get(POSITION, "0")}),
            ProcessPoolExecutor(n_processes, context, _begin, (messages, end, context.RLock())) as executor,
        ):
            try:
                yield from _as_completed(_submitted(executor, function, items), messages, on_message)
            except BaseException:
                other_end.close()
                raise
    except BrokenProcessPool as error:
        raise Died from error


def _submitted(
    executor: ProcessPoolExecutor, function: Callable[[Send, Item], Result], items: Sequence[Item]
) -> dict[Future[Result], Item]:
    """Submit a task for each item; return the item of each future."""
    waiting = {}
    for position, item in enumerate(items, int(os.environ[POSITION])):
        os.environ[POSITION] = str(position)  # inherited by the process that this submission may start
        waiting[executor.submit(_with_send, function, item)] = item
    executor.submit(int)  # an empty task: the executor watches a new process only from the next submission on
    return waiting


def _as_completed(
    waiting: dict[Future[Result], Item], messages: Any, on_message: Send
) -> Iterator[tuple[Item, Result]]:
    """Yield items and results as they are ready, and pass on messages meanwhile."""
    while waiting:
        done, _ = futures.wait(waiting, SECONDS, futures.FIRST_COMPLETED)
        for future in done:
            future.result()  # raises first: a killed process may leave half a message in the queue
        while not messages.empty():
            on_message(*messages.get())
        yield from [(waiting.pop(future), future.result()) for future in done]


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, which new processes inherit, until the block ends."""
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


_messages: Any = None  # queue to the parent, in a process of `map_items`


def _begin(messages: Any, end: Connection, lock: Any) -> None:
    """Prepare a process: progress bars share a lock; the process ends with its parent, or when the pipe closes."""
    from tqdm import tqdm

    global _messages  # an initializer cannot hand over a value in another way
    _messages = messages
    tqdm.set_lock(lock)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent receives it as well and closes the pipe
    end_with_parent(end)


def _with_send(function: Callable[[Send, Item], Result], item: Item) -> Result:
    return function(lambda *message: _messages.put(message), item)


def end_with_parent(*others: Connection) -> None:
    """End this process when its parent ends or one of `others` closes; otherwise it would outlive a killed parent.

    Examples
    --------
    >>> end_with_parent()  # no other process of Python started this one: nothing is done
    """
    parent = parent_process()
    if parent is not None:
        ends: list[Any] = [parent.sentinel, *others]
        threading.Thread(target=lambda: (wait(ends), os._exit(1)), daemon=True).start()
