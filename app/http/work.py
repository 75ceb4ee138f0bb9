"""Threads that do queued work, each with its own tools."""

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
    """One thread for each of `tools`, and a queue of limited length, which refuses more work.

    `concurrent.futures` offers neither a limited queue nor tools for each thread.
    """

    def __init__(self, tools: Sequence[Tools], *, size: int, prepare: Callable[[Tools], object]) -> None:
        """Queue at most `size` pieces of work; each thread first calls `prepare` with its tools."""
        self._queue: Queue[tuple[Future[Any], Callable[[Tools], Any]] | None] = Queue(size)
        self._prepare = prepare
        self._prepared = Barrier(len(tools) + 1)
        self._since: dict[int, float] = {}  # thread -> start of its current work
        self._threads = [
            Thread(target=self._work, args=(number, one), name=f"worker-{number}", daemon=True)
            for number, one in enumerate(tools)
        ]

    def start(self) -> None:
        """Start the threads; return when all are prepared."""
        for thread in self._threads:
            thread.start()
        self._prepared.wait()

    def submit(self, work: Callable[[Tools], Result]) -> Future[Result]:
        """Queue `work`, which a thread calls with its tools; raise `Full` if the queue is full."""
        future: Future[Result] = Future()
        try:
            self._queue.put_nowait((future, work))
        except QueueFull:
            raise Full from None
        return future

    @property
    def depth(self) -> int:
        """Pieces of work that wait."""
        return self._queue.qsize()

    def works(self, *, within: float) -> bool:
        """True if a thread is idle, or began its work less than `within` seconds ago."""
        begun = time.monotonic() - within
        return any(
            thread.is_alive() and self._since.get(number, begun) >= begun for number, thread in enumerate(self._threads)
        )

    def close(self, *, timeout: float) -> None:
        """Finish the queued work within `timeout` seconds; hanging threads do not keep the process alive."""
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
        except BaseException:  # the same error will occur in a request, and its client will get it
            log.exception("a thread could not be prepared")
        self._prepared.wait()
        while (job := self._queue.get()) is not None:
            future, work = job
            self._since[number] = time.monotonic()
            try:
                if future.set_running_or_notify_cancel():
                    future.set_result(work(tools))
            except Exception as error:  # it must not end the thread
                future.set_exception(error)
            except BaseException as error:  # SystemExit would end the process that waits for the result
                wrapped = RuntimeError(f"a thread's work raised {type(error).__name__}")
                wrapped.__cause__ = error
                future.set_exception(wrapped)
            finally:
                self._since.pop(number, None)
                del job, future, work  # else a recording stays in memory until the next one
