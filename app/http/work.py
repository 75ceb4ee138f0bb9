"""Threads that do what is queued for them, each with tools of its own."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Full as QueueFull
from queue import Queue
from threading import Barrier, Thread
from typing import Any, Generic, TypeVar

from app.http.limits import Full

Tools = TypeVar("Tools")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Pool(Generic[Tools]):
    """One thread for each of `tools`, and a queue that ends: what does not fit is refused, and so nothing piles up.

    `concurrent.futures` has neither the end of the queue, nor tools of each thread.
    """

    def __init__(self, tools: Sequence[Tools], *, size: int, prepare: Callable[[Tools], object]) -> None:
        """`size`: how many may wait; `prepare` is what each thread does first."""
        self._queue: Queue[tuple[Future[Any], Callable[[Tools], Any]] | None] = Queue(size)
        self._prepare = prepare
        self._prepared = Barrier(len(tools) + 1)
        self._since: dict[int, float] = {}  # thread -> when it began what it does
        self._threads = [
            Thread(target=self._work, args=(number, one), name=f"worker-{number}", daemon=True)
            for number, one in enumerate(tools)
        ]

    def start(self) -> None:
        """Begin to work; return when all threads are prepared."""
        for thread in self._threads:
            thread.start()
        self._prepared.wait()

    def submit(self, work: Callable[[Tools], Result]) -> Future[Result]:
        """Queue `work`, which is called with a thread's tools; `Full` if as many wait as may."""
        future: Future[Result] = Future()
        try:
            self._queue.put_nowait((future, work))
        except QueueFull:
            raise Full from None
        return future

    @property
    def depth(self) -> int:
        """How many wait."""
        return self._queue.qsize()

    def works(self, *, within: float) -> bool:
        """Whether a thread is there that is idle, or has been at its work for less than `within` seconds."""
        begun = time.monotonic() - within
        return any(
            thread.is_alive() and self._since.get(number, begun) >= begun for number, thread in enumerate(self._threads)
        )

    def close(self, *, timeout: float) -> None:
        """Finish what is queued, for at most `timeout` seconds; threads that hang do not keep the process alive."""
        end = time.monotonic() + timeout
        for _ in self._threads:
            try:
                self._queue.put(None, timeout=max(0.0, end - time.monotonic()))
            except QueueFull:
                return
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self, number: int, tools: Tools) -> None:
        try:
            self._prepare(tools)
        except BaseException:  # what fails here fails again in a request, whose client is told
            log.exception("a thread could not be prepared")
        self._prepared.wait()
        while (job := self._queue.get()) is not None:
            future, work = job
            self._since[number] = time.monotonic()
            try:
                if future.set_running_or_notify_cancel():
                    future.set_result(work(tools))
            except Exception as error:  # it ends the request, and not the thread
                future.set_exception(error)
            except BaseException as error:  # nor the process, as SystemExit would where the result is waited for
                wrapped = RuntimeError(f"a thread's work raised {type(error).__name__}")
                wrapped.__cause__ = error
                future.set_exception(wrapped)
            finally:
                self._since.pop(number, None)
                del job, future, work  # a recording is not kept until the next one comes
