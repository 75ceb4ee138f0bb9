"""Middleware around every request: id, log line and metrics, and the end of bodies that no route reads."""

import asyncio
import contextlib
import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.uploads import GONE

ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
POLICY = "default-src 'none'; frame-ancestors 'none'"  # of answers that are no page
SMALL = 2**20  # bytes of a refused request, declared, that are read, so that its connection can be used again
LINGER = 5.0  # seconds to read them
log = logging.getLogger(__name__)


class RequestLog:
    """Gives each request an id, logs it in one line, counts it, and answers exceptions with status 500."""

    def __init__(self, app: ASGIApp, *, observe: Callable[[str, str, int, float], None]) -> None:
        self._app, self._observe = app, observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = time.perf_counter(), 0
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if ID.fullmatch(given) else uuid.uuid4().hex
        facts: dict[str, Any] = {}
        scope.setdefault("state", {})["facts"] = facts

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers.setdefault("Content-Security-Policy", POLICY)
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        failure: Exception | None = None
        try:
            await self._app(scope, receive, named)
        except Exception as error:
            failure = error
            if not status:
                detail = f"the service has failed, not your request; its log has the reason under {request_id}"
                await JSONResponse({"detail": detail}, 500)(scope, receive, named)
        finally:
            seconds = time.perf_counter() - begin
            route = getattr(scope.get("route"), "path", "other")  # not the path, which a client can choose
            self._observe(scope["method"], route, status or GONE, seconds)
            line = {"method": scope["method"][:16], "route": route, "status": status or GONE}
            line |= {"milliseconds": round(1000 * seconds, 1), "request_id": request_id, **facts}
            log.log(logging.ERROR if failure else logging.INFO, "request", extra={"facts": line}, exc_info=failure)


class BodyDrain:
    """Reads the rest of a request that is answered early, for some seconds and if it is small; then closes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "0")
        unread = declared != "0" or "transfer-encoding" in headers
        small = "transfer-encoding" not in headers and declared.isdecimal() and int(declared) <= SMALL
        # To a client that waits for permission to send (Expect: 100-continue), reading would give it.
        polite = headers.get("expect", "").lower() == "100-continue"

        async def reading() -> Message:
            nonlocal unread, polite
            polite = False
            message = await receive()
            unread = message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def draining(message: Message) -> None:
            if message["type"] == "http.response.start" and unread:
                if small and not polite and message["status"] != 408:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LINGER):
                            while unread:
                                await reading()
                if unread:
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, reading, draining)
