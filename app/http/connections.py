"""Connections whose clients are slow, send tiny pieces, do not read, leave, or are too many."""

import asyncio
import json
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from app.http.limits import client_of

HEAD_SECONDS = 10.0  # for the head of a request to arrive
WRITE_SECONDS = 20.0  # for a client to read what it has been sent
QUIET_SECONDS = 5.0  # after which a WebSocket counts as idle; live sound comes all the time
PROBE_SECONDS = 0.5  # between two checks that a client which sends nothing more still reads
MOST_HEADERS = 100
MOST_PIPELINED = 16  # requests that may wait for the answers to earlier ones
MOST_MESSAGES = 4096  # of a WebSocket that wait to be read, and parts of one message
MOST_OVERHEAD = 2**19  # bytes of a request beside its body: head, sizes of chunks, trailers
FREE_CHUNKS = 256  # of any size; then their mean must be at least MEAN_CHUNK
MEAN_CHUNK = 256  # bytes; the parser calls Python for each chunk, so that tiny ones would keep it busy


def _refusal(status: str, detail: str, header: str = "") -> bytes:
    body = json.dumps({"detail": detail})
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\n{header}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


BUSY = _refusal("503 Service Unavailable", "too many connections; try again in a second", "Retry-After: 1\r\n")
INVALID = _refusal("400 Bad Request", "the request is not valid HTTP, or has too many headers or tiny chunks")


class InvalidRequest(Exception):
    """The parser must not continue; the client gets status 400."""


class WriteLimit:
    """Part of a protocol: it cuts off a client that does not read."""

    loop: Any
    transport: Any
    client: tuple[str, int] | None
    _writing: asyncio.TimerHandle | None = None

    @property
    def host(self) -> str:
        """Address of the client, or the network of an IPv6 address."""
        return client_of(self.client[0]) if self.client else ""

    def pause_writing(self) -> None:
        """Start the time limit of reading, for the client."""
        super().pause_writing()  # type: ignore[misc]
        if self._writing is None:
            self._writing = self.loop.call_later(WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop the time limit: the client has read everything."""
        super().resume_writing()  # type: ignore[misc]
        self._stop_writing()

    def _stop_writing(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None


class GuardedProtocol(WriteLimit, HttpToolsProtocol):
    """HTTP/1.1 by uvicorn and httptools, with the limits that these do not have.

    uvicorn limits neither the time of the first head, nor that of writing, nor the length of a head, nor the requests
    that wait in a connection; it accepts any number of connections, and closes one whose client has sent everything.
    """

    most_connections = 512
    """Of the service; a new one takes the place of the one that has been idle for longest."""
    most_of_address = 256

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head: asyncio.TimerHandle | None = None
        self._probing: asyncio.TimerHandle | None = None
        self._upgraded = False
        self._ended = False  # True if the client sends no more
        self._has_head = False
        self._n_chunks = self._n_body = self._n_overhead = 0  # of the current request
        self._of_bodies = 0  # bytes of all requests
        self.last_read = self.loop.time()
        """Time of the last bytes of the client."""

    def connection_made(self, transport: Any) -> None:
        """Admit the connection if there is room; start the time limit of its first head."""
        super().connection_made(transport)
        # asyncio does so only for sockets that state their protocol, which those of socket.create_server do not.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(0)  # pause_writing is then called for every byte that waits
        if self._has_room():
            self._watch()
        else:
            transport.write(BUSY)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all time limits."""
        super().connection_lost(exc)
        self._stop()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to a WebSocket, unless the client has not waited for an earlier answer."""
        if not self._has_answered:
            self.transport.abort()
            return
        self._upgraded = True
        self._stop()
        super().handle_websocket_upgrade()

    def _stop(self) -> None:
        self._stop_writing()
        for timer in (self._head, self._probing):
            if timer is not None:
                timer.cancel()

    def _has_room(self) -> bool:
        others = [one for one in self.connections if isinstance(one, GuardedProtocol | WebSocket) and one is not self]
        of_address = [one for one in others if one.host == self.host]
        for group, most in ((of_address, self.most_of_address), (others, self.most_connections)):
            present = [one for one in group if not one.transport.is_closing()]
            if len(present) >= most:
                longest = min((one for one in present if one.is_idle), key=lambda one: one.last_read, default=None)
                if longest is None:
                    return False
                longest.transport.abort()
        return True

    @property
    def is_idle(self) -> bool:
        """True if the client has to do something: send a head or a body, or read; also if it has several requests."""
        return self._has_answered or self.cycle.more_body or self._writing is not None or len(self.pipeline) > 0

    @property
    def _has_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """Take bytes of a head or of a body."""
        self.last_read, before = self.loop.time(), self._of_bodies
        super().data_received(data)
        self._n_overhead += len(data) - (self._of_bodies - before)
        if self._n_overhead > MOST_OVERHEAD + self._n_body // 16:
            self.transport.abort()
        self._watch()

    def _watch(self) -> None:
        """Start the time limit of a head when its first byte is due, and stop it after its last one."""
        if not self._has_answered or self._upgraded or self.transport.is_closing():
            if self._head is not None:
                self._head.cancel()
                self._head = None
        elif self._head is None:  # one limit for the whole head
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def on_message_begin(self) -> None:
        """Count anew for each request."""
        super().on_message_begin()
        self._has_head = False
        self._n_chunks = self._n_body = self._n_overhead = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, but no trailer, which nothing reads."""
        if self._has_head or len(self.headers) >= MOST_HEADERS:
            raise InvalidRequest("a trailer, or too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin a request."""
        self._has_head = True
        if len(self.pipeline) >= MOST_PIPELINED:
            raise InvalidRequest("too many requests without reading the answers")
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """Refuse a body in tiny chunks."""
        self._n_chunks += 1
        if self._n_body < MEAN_CHUNK * (self._n_chunks - FREE_CHUNKS):
            raise InvalidRequest("tiny chunks")

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._n_body += len(body)
        self._of_bodies += len(body)
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Refuse what the parser cannot read, after the answer to a complete request before it."""
        if not (self._has_answered or self.cycle.more_body):
            self.cycle.keep_alive = False
        elif not self.transport.is_closing():
            self.transport.write(INVALID)
            self.transport.close()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection for the answer to a complete request, as long as the client reads."""
        self._ended = not (self._has_answered or self.cycle.more_body)
        if self._ended and self._probing is None:
            self._probing = self.loop.call_later(PROBE_SECONDS, self._probe)
        return self._ended

    def _probe(self) -> None:
        """Write an interim answer, which any client ignores; if the client has left, the next one finds that out."""
        if self.transport.is_closing() or self._has_answered:
            return
        if not (self.pipeline or self.cycle.response_started or self.scope["http_version"] == "1.0"):
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._probing = self.loop.call_later(PROBE_SECONDS, self._probe)

    def on_response_complete(self) -> None:
        """Start the next request; without one, close the connection of a client that sends no more."""
        super().on_response_complete()
        if self._ended and self._has_answered:
            self.transport.close()


class WebSocket(WriteLimit, WebSocketsSansIOProtocol):
    """WebSocket by uvicorn and websockets, counted as any other connection, with the limits that these do not have.

    uvicorn gives no answer to some wrong heads, answers pings of a client that does not read, and limits neither the
    time of writing, nor the messages that wait, nor the parts of a message.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._n_parts = 0  # of the current message, after its first
        self.last_read = self.loop.time()
        """Time of the last bytes of the client."""

    def data_received(self, data: bytes) -> None:
        """Take the head, which comes in one piece, or bytes of messages."""
        self.last_read = self.loop.time()
        super().data_received(data)
        if not self.handshake_initiated and not self.transport.is_closing():
            self.transport.write(INVALID)
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limit."""
        super().connection_lost(exc)
        self._stop_writing()

    def handle_ping(self) -> None:
        """Answer, if the client has read all that it has been sent."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the answer, which is dropped

    def handle_cont(self, event: Frame) -> None:
        """Take a part of a message; end the connection if there are too many."""
        self._n_parts += 1
        super().handle_cont(event)
        if self._n_parts > MOST_MESSAGES:
            self.transport.abort()

    def send_receive_event_to_app(self) -> None:
        """Take a message; end the connection if too many wait."""
        self._n_parts = 0
        super().send_receive_event_to_app()
        if self.queue.qsize() > MOST_MESSAGES:
            self.transport.abort()

    @property
    def is_idle(self) -> bool:
        """True if the client has sent nothing for some seconds, though the service would read it."""
        return not self.read_paused and self.loop.time() - self.last_read > QUIET_SECONDS


def limited(most: int, *, of_address: int) -> type[GuardedProtocol]:
    """Protocol that admits `most` connections, and `of_address` of one client.

    Examples
    --------
    >>> protocol = limited(8, of_address=4)
    >>> protocol.most_connections, protocol.most_of_address
    (8, 4)
    """

    class Limited(GuardedProtocol):
        most_connections, most_of_address = most, of_address

    return Limited
