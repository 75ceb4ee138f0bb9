"""The route `/v1/stream`: emotions of live sound over a WebSocket."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError
from uvicorn.protocols.utils import ClientDisconnected

from app.http import prediction
from app.http.access import repeated
from app.http.answers import STATUS
from app.http.connections import WRITE_SECONDS
from app.http.limits import Full, Memory
from app.http.live_opening import LONGEST_START, SECRET, Access, SessionRefused, Start
from app.http.live_sound import Decoder, Pcm, WebM, check_amount
from app.http.metrics import Metrics
from app.http.prediction import NONE, Unadjustable
from app.http.settings import Settings
from app.http.workers import Crashed, Pool
from ser.audio import sample_rates
from ser.audio.invalid import InvalidAudio
from ser.serving.live import Live
from ser.serving.windows import Window

LONGEST_REASON = 123  # bytes of the reason in a close frame
log = logging.getLogger(__name__)


def router(chosen: Settings, pool: Pool, metrics: Metrics, access: Access) -> APIRouter:
    """Router of `/v1/stream`."""
    routes = APIRouter()
    places = Memory(chosen.live)  # one for each session

    @routes.websocket("/v1/stream")
    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        session = Session(websocket, chosen, pool, metrics)
        begin, code = time.perf_counter(), 1000
        with metrics.sessions.track_inprogress():
            try:
                start = await session.start()
                client, facts = access.client(websocket, start)
                session.facts |= facts
                with places.lease(client) as take:
                    take(1)
                    await session.run(client, start, access)
                await websocket.close()
            except Full:
                code = await session.refused(
                    SessionRefused(503, f"{chosen.live} live sessions run already; try again later")
                )
            except InvalidAudio as error:
                code = await session.refused(SessionRefused(STATUS[error.kind], str(error)))
            except Unadjustable as error:
                code = await session.refused(SessionRefused(422, str(error)))
            except SessionRefused as refusal:
                code = await session.refused(refusal)
            except (WebSocketDisconnect, ClientDisconnected) as error:
                code = getattr(error, "code", 1006)
            finally:
                facts = session.facts | {"code": code, "seconds": round(time.perf_counter() - begin, 1)}
                log.info("live session", extra={"facts": facts})

    return routes


class Session:
    """One live session: messages in, answers out."""

    def __init__(self, websocket: WebSocket, chosen: Settings, pool: Pool, metrics: Metrics) -> None:
        self._socket, self._chosen, self._pool, self._metrics = websocket, chosen, pool, metrics
        self._first: bytes | None = None  # sound of the first message, if that is no start
        self._arrived = 0.0
        self._adjustment = NONE
        self._renew()
        self.facts: dict[str, Any] = {}

    async def start(self) -> Start:
        """First message, after the query of the address; `SessionRefused` or `InvalidAudio` if it is wrong or late."""
        given: dict[str, Any] = dict(self._socket.query_params)
        for name in given.keys() & SECRET:
            raise SessionRefused(422, f"the address has `{name}`, which logs would keep; send it in the first message")
        if twice := repeated(self._socket.query_params):
            raise SessionRefused(422, f"the address has `{twice[:64]}` more than once; give it once")
        first = await self._message()
        if isinstance(first, bytes):
            self._first = first
        else:
            given |= first
        try:
            start = Start.model_validate(given)
        except ValidationError as error:
            one = error.errors()[0]
            where, found = ".".join(map(str, one["loc"]))[:64], str(one.get("input"))[:64]
            raise SessionRefused(422, f"the first message has {where} {found!r}: {one['msg'].lower()}") from None
        check_amount(start.rate, start.channels)
        names = list(self._chosen.models)
        if start.model and start.model not in names:
            raise SessionRefused(422, f"there is no model {start.model[:64]!r}; choose one of {', '.join(names)}")
        return start

    async def run(self, client: str, start: Start, access: Access) -> None:
        """Answer until the sound ends; `SessionRefused` after the longest time of a session."""
        longest = self._chosen.live_seconds
        try:  # by the clock too: sound may come so slowly that its seconds never reach the limit
            async with asyncio.timeout(longest + self._chosen.stall_seconds + self._chosen.work_seconds):
                await self._answers(client, start, access)
        except TimeoutError:
            raise SessionRefused(413, f"the session is longer than {longest:g} s; begin a new one") from None

    async def _answers(self, client: str, start: Start, access: Access) -> None:
        decoder: Decoder = await WebM.started() if start.format == "webm" else Pcm(start.rate, start.channels)
        reading = asyncio.create_task(self._read(decoder))
        try:
            facts = next(one for one in self._pool.models if one.name == (start.model or self._chosen.default_model))
            self.facts["model"], self._adjustment = facts.name, start.adjustment
            enrolment = prediction.enrolment_of(start.adjustment, facts.labels)
            ready = {"type": "ready", "model": facts.name, "labels": facts.labels, "window": facts.window}
            await self._send(ready | {"warnings": facts.warnings})
            rate = sample_rates.check(await decoder.sample_rate())
            live = Live(rate, duration=facts.window, unsure=start.unsure, enrolment=enrolment)
            async for samples in decoder.samples():
                access.spend(client, len(samples) / rate)
                if live.duration > self._chosen.live_seconds:
                    raise SessionRefused(
                        413, f"the session is longer than {self._chosen.live_seconds:g} s; begin a new one"
                    )
                for window in live.add(samples):
                    await self._answer(client, facts.name, live, window)
            await reading
            await self._finish(client, facts.name, live)
        except InvalidAudio:
            if reading.done():
                await reading  # the reason may be that the client has left
            raise
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await decoder.close()

    async def _read(self, decoder: Decoder) -> None:
        """Feed the decoder, until the client stops."""
        held = self._first or b""
        self._renew()
        try:
            while True:
                if len(held) >= decoder.frame:  # less has no sample: the client still pauses
                    await decoder.feed(held)
                    held = b""
                    self._renew()
                content = await self._message()
                if not isinstance(content, bytes):
                    break
                held += content
                if len(held) >= decoder.frame:
                    self._arrived = time.perf_counter()
            if content != {"type": "stop"}:
                raise SessionRefused(422, 'a message is neither sound nor {"type": "stop"}')
            self._arrived = time.perf_counter()
        except asyncio.CancelledError:  # nobody takes the sound any more, so that `end` could wait for ever
            raise
        except BaseException:
            await decoder.end()
            raise
        await decoder.end()

    def _renew(self) -> None:
        """Begin the longest pause of the client anew."""
        self._patience = time.monotonic() + self._chosen.stall_seconds

    async def _message(self) -> bytes | Mapping[str, Any]:
        """Bytes of a message, or content of a JSON object; `SessionRefused` after a long pause."""
        left = self._patience - time.monotonic()
        try:
            if left <= 0:  # messages without sound may come so fast that `receive` never waits
                raise TimeoutError
            async with asyncio.timeout(left):
                message = await self._socket.receive()
        except TimeoutError:
            raise SessionRefused(408, f"no sound came within {self._chosen.stall_seconds:g} s") from None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        if (content := message.get("bytes")) is not None:
            return bytes(content)
        try:
            found = json.loads(message["text"][:LONGEST_START])
            json.dumps(found, ensure_ascii=False).encode()  # an escape of half a character cannot be sent back
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise SessionRefused(422, "a text message is not a JSON object; send sound as binary messages")
        return found

    async def _answer(self, client: str, model: str, live: Live, window: Window) -> None:
        arrived = self._arrived
        prediction = await self._predicted(client, model, window)
        latency = time.perf_counter() - arrived
        self._metrics.live_seconds.observe(latency)
        answer = {"type": "answer", "time": prediction["end"], "latency_ms": round(1000 * latency, 1)}
        await self._send(answer | live.answer(window, prediction))

    async def _finish(self, client: str, model: str, live: Live) -> None:
        """Answer to the last window, and the summary."""
        for window in live.rest():
            await self._answer(client, model, live, window)
        left = live.remainder()
        last = None if left is None else await self._predicted(client, model, left, whole=live.is_utterance)
        summary = live.summary(last)
        self.facts |= {"audio_seconds": summary["duration"], "emotion": summary["emotion"]}
        self._metrics.predicted(summary["emotion"], summary["duration"])
        await self._send({"type": "summary", **summary})

    async def _predicted(self, client: str, model: str, window: Window, *, whole: bool = False) -> Any:
        sent = self._pool.submit_live(client, model, window, whole=whole, adjustment=self._adjustment)
        try:
            async with asyncio.timeout(self._chosen.work_seconds):
                return await sent
        except Full:
            raise SessionRefused(503, f"{self._chosen.queue} recordings wait already; try again later") from None
        except Crashed:
            raise SessionRefused(500, "the prediction has crashed a process") from None
        except TimeoutError:
            raise SessionRefused(503, f"there was no answer within {self._chosen.work_seconds:g} s") from None

    async def _send(self, content: Mapping[str, Any]) -> None:
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._socket.send_text(json.dumps(content, ensure_ascii=False, allow_nan=False))
        except TimeoutError:
            raise WebSocketDisconnect(1006) from None

    async def refused(self, refusal: SessionRefused) -> int:
        """Send the reason, and close; return the code."""
        detail = str(refusal)
        try:
            await self._send({"type": "error", "detail": detail})
            reason = detail.encode()[:LONGEST_REASON].decode(errors="ignore")
            await self._socket.close(refusal.code, reason)
        except (WebSocketDisconnect, ClientDisconnected, RuntimeError):
            pass  # the client has left
        return refusal.code
