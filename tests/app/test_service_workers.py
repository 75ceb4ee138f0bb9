"""Queue and processes of the service: clients take turns, and a process that has ended is replaced."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from app.http import limits, loading
from app.http.queues import LONG, RECENT, FairQueue
from app.http.workers import Pool
from ser.serving import inputs
from tests.support import serving
from tests.support.paths import EMBEDDED, ROOT
from tests.support.serving import DEMO

SPEECH = DEMO[0].read_bytes()


class Time:
    """A clock that tests set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def order(queue: FairQueue[Any], clock: Time, seconds: Callable[[Any], float]) -> list[Any]:
    """Items in the order in which a single worker gets them, which takes `seconds` for each."""

    async def served() -> list[Any]:
        items = []
        while len(queue):
            client, item = await queue.get()
            items.append(item)
            clock.now += seconds(item)
            queue.done(client)
        return items

    return asyncio.run(served())


def test_clients_take_turns_however_many_items_each_has() -> None:
    queue: FairQueue[str] = FairQueue(100, workers=1, clock=Time())
    for item in ("a1", "a2", "a3", "a4", "b1", "b2", "c1"):
        assert queue.put(item[0], item) is None
    items = order(queue, queue._clock, lambda _: 1.0)  # type: ignore[arg-type]
    assert set(items[:3]) == {"a1", "b1", "c1"}
    assert set(items[3:5]) == {"a2", "b2"}
    assert items[5:] == ["a3", "a4"]


def test_a_queue_that_is_never_idle_forgets_the_clients_of_the_past() -> None:
    clock = Time()
    queue: FairQueue[int] = FairQueue(100, workers=1, clock=clock)
    for number in range(500):
        queue.put(f"client {number}", number)
        if number >= 5:  # so that five always wait
            asyncio.run(_worked(queue, clock, seconds=1.0))
    assert len(queue) == 5
    assert max(len(queue._spent), len(queue._heavy), len(queue._seen)) < 20


async def _worked(queue: FairQueue[Any], clock: Time, *, seconds: float) -> None:
    """Work of the client whose turn it is."""
    client, _ = await queue.get()
    clock.now += seconds
    queue.done(client)


def test_turns_are_by_seconds_of_work_and_not_by_number() -> None:
    clock = Time()
    queue: FairQueue[str] = FairQueue(100, workers=1, clock=clock)
    for number in range(20):
        queue.put("long", f"long {number}")
        queue.put("short", f"short {number}")
    items = order(queue, clock, lambda item: 10.0 if item.startswith("long") else 1.0)
    assert sum(item.startswith("short") for item in items[:12]) >= 10


def test_a_client_that_was_idle_has_not_saved_up_time() -> None:
    clock = Time()
    queue: FairQueue[str] = FairQueue(100, workers=1, clock=clock)

    async def served() -> list[str]:
        for number in range(10):
            queue.put("busy", f"busy {number}")
        for _ in range(5):
            client, _ = await queue.get()
            clock.now += 1
            queue.done(client)
        for number in range(5):
            queue.put("idle", f"idle {number}")
        return [item.split()[0] for item in await asyncio.to_thread(order, queue, clock, lambda _: 1.0)][:4]

    turns = asyncio.run(served())
    assert turns.count("busy") == turns.count("idle") == 2


def test_a_full_queue_takes_the_place_from_the_client_with_the_most_items() -> None:
    queue: FairQueue[str] = FairQueue(4, workers=1)
    for item in ("a1", "a2", "a3", "a4"):
        assert queue.put("a", item) is None
    assert queue.put("a", "a5") == "a5"
    assert queue.put("b", "b1") == "a4"
    assert queue.put("b", "b2") == "a3"
    assert queue.put("b", "b3") == "b3"  # nobody has more
    assert queue.put("c", "c1") == "a2"
    assert queue.put("d", "d1") == "b2"
    assert queue.put("e", "e1") == "e1"
    assert len(queue) == 4


def test_a_removed_item_frees_its_place() -> None:
    queue: FairQueue[str] = FairQueue(2, workers=1)
    queue.put("a", "a1")
    queue.put("a", "a2")
    queue.remove("a", "a1")
    queue.remove("a", "a1")
    queue.remove("nobody", "x")
    assert len(queue) == 1
    assert queue.put("b", "b1") is None


def test_long_work_of_one_client_leaves_a_worker_to_the_others() -> None:
    clock = Time()
    queue: FairQueue[str] = FairQueue(10, workers=2, clock=clock)

    async def served() -> None:
        for item in ("a1", "a2", "a3"):
            queue.put("a", item)
        queue.put("b", "b1")
        assert {(await queue.get())[0] for _ in range(2)} == {"a", "b"}
        queue.done("b")
        clock.now = LONG
        waiting = asyncio.ensure_future(queue.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        queue.put("b", "b2")
        assert await waiting == ("b", "b2")
        queue.done("b")
        clock.now += RECENT
        assert await queue.get() == ("a", "a2")  # there are no others any more

    asyncio.run(asyncio.wait_for(served(), 10))


def test_the_memory_of_the_queue_is_that_of_its_clients() -> None:
    clock = Time()
    queue: FairQueue[int] = FairQueue(10, workers=1, clock=clock)
    for number in range(100):
        queue.put(str(number), number)
        clock.now += RECENT / 2
        order(queue, clock, lambda _: 0.0)
    assert not queue._spent
    assert len(queue._seen) <= 2


def test_work_is_counted_in_seconds_of_audio_and_may_exceed_the_budget_once() -> None:
    now = 0.0
    audio = limits.Rate(60, clock=lambda: now)
    assert audio.wait("bob", cost=0.0) == 0
    audio.take("bob", 90)
    assert audio.wait("bob", cost=0.0) == pytest.approx(30)
    assert audio.wait("eve", cost=0.0) == 0
    now = 30.5
    assert audio.wait("bob", cost=0.0) == 0


def test_a_client_with_too_many_seconds_of_audio_must_wait() -> None:
    content = serving.encoded(serving.speech(2))
    with serving.served(audio_rate=2.5) as client:
        answers = [client.post(serving.PREDICT, files={"file": ("a", content)}) for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert "2.5 seconds of audio in a minute" in answers[2].json()["detail"]
        assert int(answers[2].headers["Retry-After"]) >= 30
        assert client.get("/v1/models").status_code == 200


def test_a_process_that_ends_while_it_is_idle_is_replaced_before_the_next_work() -> None:
    pool = Pool(partial(loading.loaded, {"ravdess": EMBEDDED}), workers=1, size=1)
    pool.start()
    (one,) = pool._workers

    async def answer() -> Any:
        async with pool.working():
            os.kill(one._process_id, signal.SIGKILL)
            while not one._executor._broken:  # type: ignore[union-attr]
                await asyncio.sleep(0.01)
            return await pool.submit("bob", "ravdess", memoryview(SPEECH), timeline=False, max_seconds=60)

    with inputs.opened(SPEECH) as recording:
        assert asyncio.run(answer()) == serving.recognizer().predict(recording)


def test_an_error_of_the_service_itself_ends_one_piece_of_work() -> None:
    pool = Pool(partial(loading.loaded, {"ravdess": EMBEDDED}), workers=1, size=1)

    async def answers() -> list[Any]:
        async with pool.working():
            sent: Any = partial(pool.submit, "bob", "ravdess", timeline=False, max_seconds=60)
            failed = await asyncio.gather(sent("no bytes"), return_exceptions=True)
            return [*failed, await sent(memoryview(SPEECH))]

    pool.start()
    error, answer = asyncio.run(answers())
    assert isinstance(error, TypeError)
    assert answer["emotion"]


def test_a_model_that_cannot_be_loaded_is_an_error_at_the_start(tmp_path: Any) -> None:
    pool = Pool(partial(loading.loaded, {"mine": tmp_path}), workers=2, size=1)
    with pytest.raises(ValueError, match="SER_MODELS has mine: no model"):
        pool.start()


FIRST = """
import pathlib, sys
from app.http import loading, prediction, worker
worker.prepare(lambda: loading.loaded({"general": None}))
worker._goes_on = lambda number: True
before = set(sys.modules)
content = pathlib.Path(sys.argv[1]).read_bytes()
worker.predict(1, "general", content, False, prediction.Adjustment(), 60.0)
print(sorted(set(sys.modules) - before))
"""


@pytest.mark.slow
def test_the_first_prediction_of_a_process_imports_nothing() -> None:
    """A process has made a prediction before its first request, so that no client waits for imports."""
    command = [sys.executable, "-c", FIRST, str(DEMO[0].resolve())]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
