"""Decoders of live sound: they take the bytes of messages, and give samples."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ser.audio import ffmpeg, sample_rates
from ser.audio.invalid import InvalidAudio, Kind
from ser.audio.raw import Raw

WAITING = 4  # messages between reading and prediction; then the client has to wait
PIECE = 2**16  # bytes of one read
AU_HEAD = struct.Struct(">4sIIIII")  # magic, start of the samples, their size, coding, sample rate, channels
LONGEST_HEAD = 2**12

Samples = npt.NDArray[np.float32]


def check_amount(rate: int, n_channels: int) -> None:
    """Raise `InvalidAudio` if sound has more samples in a second than one channel of the highest rate.

    A few bytes of a codec can stand for any number of them, and those of a whole utterance stay in memory.

    Examples
    --------
    >>> check_amount(96_000, 8)
    Traceback (most recent call last):
    ser.audio.invalid.InvalidAudio: 96000 Hz of 8 channels are more than 384000 samples in a second; send one channel
    """
    if rate * n_channels > sample_rates.RATES[1]:
        found = f"{rate} Hz of {n_channels} channels"
        reason = f"{found} are more than {sample_rates.RATES[1]} samples in a second"
        raise InvalidAudio(Kind.SAMPLE_RATE, reason, "send one channel")


class Decoder(Protocol):
    """Source of samples, `(n_samples, n_channels)`, of the bytes that it is fed."""

    frame: int
    """Fewest bytes that may have a sample."""

    async def feed(self, content: bytes) -> None:
        """Take the bytes of a message; wait if too many wait already."""

    async def end(self) -> None:
        """Take the end of the sound."""

    async def sample_rate(self) -> int:
        """Hz, when it is known."""
        ...

    def samples(self) -> AsyncIterator[Samples]:
        """Samples, until the end."""
        ...

    async def close(self) -> None:
        """End at once."""


class Pcm:
    """Decoder of raw 16-bit samples."""

    def __init__(self, rate: int, n_channels: int) -> None:
        self._rate, self._raw = rate, Raw("s16le", n_channels=n_channels)
        self.frame = 2 * n_channels
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING)

    async def feed(self, content: bytes) -> None:
        """Take the bytes of a message; wait if too many wait already."""
        await self._queue.put(content)

    async def end(self) -> None:
        """Take the end of the sound."""
        await self._queue.put(None)

    async def sample_rate(self) -> int:
        """Hz."""
        return self._rate

    async def samples(self) -> AsyncIterator[Samples]:
        """Samples, until the end."""
        while (content := await self._queue.get()) is not None:
            yield self._raw(content)

    async def close(self) -> None:
        """Nothing is open."""


class WebM:
    """Decoder of WebM by a process of FFmpeg, which never opens a file or an address."""

    frame = 1

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._input, self._output = process, process.stdin, process.stdout
        self._raw: Raw | None = None

    @classmethod
    async def started(cls) -> "WebM":
        """A decoder; `InvalidAudio` if FFmpeg is not installed."""
        pipe = asyncio.subprocess.PIPE
        command = ffmpeg.live_command("matroska")
        nowhere = asyncio.subprocess.DEVNULL
        return cls(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=nowhere))

    async def feed(self, content: bytes) -> None:
        """Take the bytes of a message; wait while FFmpeg does not read."""
        with suppress(ConnectionError):  # it has ended, which `samples` finds out
            self._input.write(content)
            await self._input.drain()

    async def end(self) -> None:
        """Take the end of the sound."""
        with suppress(ConnectionError):
            self._input.close()

    async def sample_rate(self) -> int:
        """Hz, of the head that FFmpeg writes; `InvalidAudio` if it cannot read the sound, or as `check_amount`."""
        try:
            magic, start, _, _, rate, n_channels = AU_HEAD.unpack(await self._output.readexactly(AU_HEAD.size))
            if magic != b".snd" or not AU_HEAD.size <= start <= LONGEST_HEAD:
                raise ValueError(f"a head of {magic!r}")
            await self._output.readexactly(start - AU_HEAD.size)
        except (asyncio.IncompleteReadError, ValueError):
            reason = "live sound that FFmpeg cannot read as WebM"
            raise InvalidAudio(Kind.NOT_AUDIO, reason, "send WebM from its beginning, or 16-bit samples") from None
        check_amount(rate, n_channels)
        self._raw = Raw("f32be", n_channels=n_channels)
        return int(rate)

    async def samples(self) -> AsyncIterator[Samples]:
        """Samples, until the end; `InvalidAudio` if FFmpeg fails."""
        assert self._raw is not None
        while content := await self._output.read(PIECE):
            yield self._raw(content)
        if await self._process.wait():
            raise InvalidAudio(Kind.NOT_AUDIO, "live sound as WebM that is damaged", "begin a new session")

    async def close(self) -> None:
        """End the process."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._input.close()
        while await self._output.read(PIECE):  # `wait` would wait for ever for a pipe that is full
            pass
        await self._process.wait()
