"""Processes that predict. One that crashes or hangs ends one request, and another one takes its place.

Each has an executor of its own: `concurrent.futures` gives up all work of an executor of which one process dies.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from app.http import worker
from app.http.limits import Full
from app.http.loading import Facts, Models
from app.http.prediction import NONE, Adjustment, Answer, Enrolled
from app.http.queues import FairQueue
from app.http.worker import Ready
from ser.serving.predictions import Prediction
from ser.serving.windows import Window

STOP_SECONDS = 3.0  # for unwanted work to end by itself, as it does between two pieces of a recording
Result = TypeVar("Result")

PAUSES = (0.5, 30.0)  # seconds, shortest and longest, between attempts to start a process
log = logging.getLogger(__name__)


class Crashed(Exception):
    """The process has ended during the work."""


class Sent(asyncio.Future[Result]):
    """Answer to come. A long recording needs more time than a short one, a process that hangs makes no more steps."""

    steps: Any = None
    """Counter of the process that works on it; None while it waits."""

    @property
    def n_steps(self) -> int:
        """Number that changes with each step of the work: 3 s of sound, or a window of a timeline."""
        return 0 if self.steps is None else 1 + int(self.steps.value)


@dataclass(frozen=True, eq=False)
class Job:
    """Work of a client. Cancelling the answer ends the work."""

    do: Callable[..., Any]
    """Function of `app.http.worker`; it takes a number, the model, the content and the options."""
    model: str
    content: memoryview
    options: tuple[Any, ...]
    answer: Sent[Any]


class Worker:
    """One process, and the next one when it has ended."""

    def __init__(self, load: Callable[[], Models]) -> None:
        self._load = load
        # Processes are forked from one that has imported the libraries, and does nothing else.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["app.http.worker"])
        self._wanted = self._context.RawValue("Q", 0)
        self._steps = self._context.RawValue("Q", 0)
        self._number = 0
        self._executor: ProcessPoolExecutor | None = None
        self._process_id = 0
        self.is_ready = False

    def begun(self) -> Future[Ready]:
        """Start a process; give the result to `ready`."""
        self._executor = ProcessPoolExecutor(
            1, mp_context=self._context, initializer=worker.begin, initargs=(self._wanted, self._steps)
        )
        return self._executor.submit(worker.prepare, self._load)

    def ready(self, result: Ready) -> None:
        """Use the process."""
        if result.trouble:
            log.error("a model has failed in its first prediction", extra={"facts": {"trace": result.trouble}})
        self._process_id, self.is_ready = result.process_id, True

    def kill(self) -> None:
        """End the process at once."""
        if self._process_id:
            with suppress(ProcessLookupError):
                os.kill(self._process_id, signal.SIGKILL)
        self._process_id, self.is_ready = 0, False

    def close(self) -> None:
        """End the process for good."""
        self.kill()
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    async def do(self, job: Job) -> None:
        """Answer a job; replace the process if it has ended, or has to end for this job."""
        if job.answer.done():
            return
        job.answer.steps = self._steps
        result = await self._result(job)
        await asyncio.wait({result, job.answer}, return_when=asyncio.FIRST_COMPLETED)
        if not result.done():  # nobody wants the answer any more
            self._wanted.value = 0
            await asyncio.wait({result}, timeout=STOP_SECONDS)
        if not result.done():
            log.warning("a process does not stop its work; another one takes its place")
            self.kill()
        try:
            answer = await result
        except BrokenExecutor:
            if not job.answer.done():
                log.error("a process has crashed; another one takes its place")
                job.answer.set_exception(Crashed())
            await self._replaced()
        except Exception as error:
            if not job.answer.done():
                job.answer.set_exception(error)
        else:
            if not job.answer.done():
                job.answer.set_result(answer)

    async def _result(self, job: Job) -> asyncio.Future[Any]:
        self._number += 1
        self._wanted.value = self._number
        arguments = (self._number, job.model, bytes(job.content), *job.options)
        while True:
            assert self._executor is not None
            try:
                return asyncio.wrap_future(self._executor.submit(job.do, *arguments))
            except BrokenExecutor:  # it has ended while it was idle
                await self._replaced()

    async def _replaced(self) -> None:
        self._process_id, self.is_ready = 0, False
        pause = PAUSES[0]
        while not self.is_ready:
            if self._executor is not None:
                self._executor.shutdown(wait=False)
            try:
                self.ready(await asyncio.wrap_future(await asyncio.to_thread(self.begun)))
            except Exception:
                log.exception("a process cannot be started; there will be another attempt in %g s", pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSES[1])


class Pool:
    """Processes that predict, and the queue of their work."""

    def __init__(self, load: Callable[[], Models], *, workers: int, size: int) -> None:
        """Load the models by `load` in each process; at most `size` recordings wait."""
        self._workers = [Worker(load) for _ in range(workers)]
        self._queue: FairQueue[Job] = FairQueue(size, workers=workers)
        self.models: Sequence[Facts] = ()

    def start(self) -> None:
        """Start all processes; return when they have loaded the models.

        Raises
        ------
        ValueError
            If a model cannot be loaded.
        """
        begun = [one.begun() for one in self._workers]
        try:
            for one, future in zip(self._workers, begun, strict=True):
                result = future.result()
                one.ready(result)
                self.models = result.models
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End all processes."""
        for one in self._workers:
            one.close()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Do the queued work during the block; then end all processes."""
        tasks = [asyncio.create_task(self._work(one)) for one in self._workers]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(self.close)

    async def _work(self, one: Worker) -> None:
        while True:
            client, job = await self._queue.get()
            try:
                await one.do(job)
            except Exception as error:  # it must not end the loop
                log.exception("work has failed")
                if not job.answer.done():
                    job.answer.set_exception(error)
            finally:
                self._queue.done(client)
                del job  # else a recording stays in memory until the next one

    def submit(
        self,
        client: str,
        model: str,
        content: memoryview,
        *,
        timeline: bool,
        max_seconds: float,
        adjustment: Adjustment = NONE,
    ) -> Sent[Answer]:
        """Queue a recording of a client; the future raises `Full` if the queue has no place for it."""
        return self._queued(client, worker.predict, model, content, (timeline, adjustment, max_seconds))

    def submit_enrolment(
        self, client: str, model: str, content: memoryview, *, token: str, max_seconds: float
    ) -> Sent[Enrolled]:
        """Queue a recording that is enrolled, in the same way."""
        return self._queued(client, worker.enrol, model, content, (token, max_seconds))

    def submit_live(
        self, client: str, model: str, window: Window, *, whole: bool = False, adjustment: Adjustment = NONE
    ) -> Sent[Prediction]:
        """Queue a window of live sound, or a `whole` recording, in the same way."""
        samples = memoryview(window.waveform.tobytes())
        options = (window.sample_rate, window.start, whole, adjustment)
        return self._queued(client, worker.predict_live, model, samples, options)

    def _queued(
        self, client: str, do: Callable[..., Any], model: str, content: memoryview, options: tuple[Any, ...]
    ) -> Sent[Any]:
        job = Job(do, model, content, options, Sent(loop=asyncio.get_running_loop()))
        job.answer.add_done_callback(lambda _: self._queue.remove(client, job))
        displaced = self._queue.put(client, job)
        if displaced is not None and not displaced.answer.done():
            displaced.answer.set_exception(Full())
        return job.answer

    @property
    def depth(self) -> int:
        """Recordings that wait."""
        return len(self._queue)

    @property
    def works(self) -> bool:
        """True if a process predicts, or could."""
        return any(one.is_ready for one in self._workers)
