"""The recording in a multipart request, read while its bytes arrive; of other fields only `enrolment` is kept."""

import asyncio
import mmap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import HTTPException
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from app.http.limits import Full
from app.http.settings import Settings

FIELDS = ("file", "audio")
ENROLMENT = "enrolment"
IN_ADDRESS = ("model", "timeline", "prior", "unsure")  # parameters of a prediction; a form with one is refused
MOST_PARTS = 16
LONGEST_TYPE = 1000  # characters of a Content-Type that are read; parsing a far longer one takes long
OVERHEAD = 2**16  # bytes of boundaries, headers and other fields
LONGEST_ENROLMENT = 3 * 2**14  # bytes; of 9,200 features
GONE = 499  # nginx's status for a client that has closed the connection; only the log shows it
SEND_ONE = "send one recording in the field `file`"


class Form:
    """Parser of a multipart body that writes the bytes of the recording to `memory`."""

    def __init__(self, boundary: bytes, memory: mmap.mmap, *, max_bytes: int) -> None:
        self._memory, self._max_bytes = memory, max_bytes
        self._name, self._value = bytearray(), bytearray()
        self._is_recording = self._is_enrolment = False
        self._enrolment = bytearray()
        self._n_parts = self._n_recordings = 0
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header_ends,
                "on_part_data": self._part_data,
                "on_end": self._end,
            },
        )
        self.n_bytes = 0

    def write(self, data: bytes) -> None:
        """Take the next bytes of the body.

        Raises
        ------
        HTTPException
            If they are not part of a form (400), or the recording is too large (413).
        """
        try:
            self._parser.write(data)
        except FormParserError:  # its message is about the parser
            raise HTTPException(400, "the body is not multipart/form-data; send a form") from None

    def recording(self) -> memoryview:
        """Bytes of the recording, after the whole body.

        Raises
        ------
        HTTPException
            If the body is incomplete (400), or does not contain exactly one recording (422).
        """
        if not self._ended:
            raise HTTPException(400, "the body ends before its last boundary; send it whole")
        if self._n_recordings != 1:
            raise HTTPException(422, f"{self._n_recordings or 'no'} fields with a recording; {SEND_ONE}")
        return memoryview(self._memory)[: self.n_bytes]

    @property
    def enrolment(self) -> str:
        """Content of the field `enrolment`; empty if there is none."""
        return self._enrolment.decode("ascii", "replace").strip()

    def _part_begins(self) -> None:
        self._n_parts += 1
        self._is_recording = self._is_enrolment = False
        if self._n_parts > MOST_PARTS:
            raise HTTPException(400, f"more than {MOST_PARTS} fields; {SEND_ONE}")

    def _header_ends(self) -> None:
        name, value = bytes(self._name).lower(), bytes(self._value)
        self._name.clear()
        self._value.clear()
        if name == b"content-disposition":
            field = parse_options_header(value)[1].get(b"name", b"").decode("latin-1")
            self._is_recording, self._is_enrolment = field in FIELDS, field == ENROLMENT
            self._n_recordings += self._is_recording
            if field in IN_ADDRESS:
                raise HTTPException(422, f"{field} is a field of the form; put it into the address, as ?{field}=…")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_recording:
            first, self.n_bytes = self.n_bytes, self.n_bytes + end - start
            if self.n_bytes > self._max_bytes:
                raise _too_large(self._max_bytes)
            self._memory[first : self.n_bytes] = data[start:end]
        elif self._is_enrolment:
            self._enrolment += data[start:end]
            if len(self._enrolment) > LONGEST_ENROLMENT:
                raise HTTPException(413, f"the enrolment is over {LONGEST_ENROLMENT} bytes; send one of /v1/enrol")

    def _end(self) -> None:
        self._ended = True


@asynccontextmanager
async def received(
    request: Request, *, settings: Settings, take: Callable[[int], None]
) -> AsyncIterator[tuple[memoryview, str]]:
    """Recording and enrolment that a client sends, for the block; `take` reserves the bytes before they are kept.

    It is in one piece of memory: that of the longest body that may come, which costs nothing until it is written, and
    goes back to the system at the end of the block.

    Raises
    ------
    HTTPException
        If the body is not a form (400, 415), does not contain one recording (422), is too large (413) or too slow
        (408), or if no memory is free (503).
    """
    boundary, most = _boundary(request), settings.max_bytes + OVERHEAD
    declared = request.headers.get("content-length", "")
    longest = int(declared) if declared.isdecimal() else most
    if longest > most:
        raise _too_large(settings.max_bytes)
    with mmap.mmap(-1, max(1, min(longest, settings.max_bytes))) as memory:
        form = Form(boundary, memory, max_bytes=settings.max_bytes)
        try:
            async with asyncio.timeout(settings.upload_seconds):
                await _read(request, form, most=most, settings=settings, take=take)
        except TimeoutError:
            raise HTTPException(
                408,
                f"the request did not arrive completely; pauses may last {settings.stall_seconds:g} s, the whole"
                f" request {settings.upload_seconds:g} s: send it faster",
            ) from None
        except Full:
            raise busy("the memory of the service is full of recordings") from None
        with form.recording() as recording:
            yield recording, form.enrolment


async def _read(request: Request, form: Form, *, most: int, settings: Settings, take: Callable[[int], None]) -> None:
    """Give the body to `form`; raise `TimeoutError` after a long pause."""
    n_bytes, more = 0, True
    while more:
        async with asyncio.timeout(settings.stall_seconds):
            message = await request.receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(GONE, "the client has closed the connection")
        data, more = message.get("body", b""), message.get("more_body", False)
        n_bytes += len(data)
        if n_bytes > most:
            raise _too_large(settings.max_bytes)
        take(len(data))
        form.write(data)


def busy(why: str) -> HTTPException:
    """Answer 503 to a request for which there is no room.

    Examples
    --------
    >>> error = busy("32 recordings wait already")
    >>> error.status_code, error.detail
    (503, '32 recordings wait already; try again in a second')
    """
    return HTTPException(503, f"{why}; try again in a second", {"Retry-After": "1"})


def _too_large(max_bytes: int) -> HTTPException:
    return HTTPException(413, f"the recording is larger than {max_bytes} bytes; send a shorter one, or as FLAC")


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", "")[:LONGEST_TYPE])
    if kind != b"multipart/form-data":
        shown = kind.decode("latin-1")[:60] or "missing"
        raise HTTPException(415, f"the Content-Type is {shown}; send multipart/form-data, with the field `file`")
    boundary: Any = options.get(b"boundary")
    if not boundary or len(boundary) > 70:  # RFC 2046, 5.1.1
        raise HTTPException(400, "the Content-Type multipart/form-data has no boundary of 1 to 70 characters; give one")
    return bytes(boundary)
