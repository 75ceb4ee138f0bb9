"""Windows of a waveform that arrives in pieces."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ser.audio.waveforms import Waveform
from ser.serving.samples import Samples

HALF = 0.5  # part of a window; a shorter last window begins earlier, unless it is the only one


@dataclass(frozen=True)
class Window:
    """Part of a recording.

    Examples
    --------
    >>> Window(1.0, np.zeros(8000, np.float32), sample_rate=16_000).end
    1.5
    """

    start: float
    """Seconds from the recording's start."""
    waveform: Waveform
    sample_rate: int
    """Hz."""
    notes: Sequence[str] = ()
    """Changes of the waveform, in words, as far as the recording was known when the window was complete."""

    @property
    def end(self) -> float:
        """Seconds from the recording's start."""
        return self.start + self.waveform.size / self.sample_rate


class Windows:
    """Windows of `duration` seconds, one every `hop` seconds, of a waveform that arrives in pieces.

    Parameters
    ----------
    sample_rate
        Hz.

    Raises
    ------
    ValueError
        If `hop` is not positive, or longer than `duration`.

    Examples
    --------
    >>> windows = Windows(1, duration=3, hop=1)
    >>> [(window.start, window.end) for window in windows.add(np.zeros(5, np.float32))]
    [(0.0, 3.0), (1.0, 4.0), (2.0, 5.0)]
    >>> list(windows.rest()), windows.buffer, windows.end
    ([], array([0., 0.], dtype=float32), array([0., 0., 0.], dtype=float32))
    """

    def __init__(self, sample_rate: int, *, duration: float, hop: float) -> None:
        check_hop(hop, duration, sample_rate)
        length, step = round(duration * sample_rate), round(hop * sample_rate)
        self._rate, self._length, self._step = sample_rate, length, step
        self._start = 0
        self._samples = Samples()
        self._before: Waveform | None = None  # samples of the last complete window that later ones do not have

    @property
    def buffer(self) -> Waveform:
        """Samples of the windows to come."""
        return self._samples.all

    @property
    def end(self) -> Waveform:
        """Last samples up to now, as many as a window has, or all if they are fewer."""
        known = self.buffer if self._before is None else np.concatenate([self._before, self.buffer])
        return known[-self._length :]

    def add(self, block: Waveform) -> Iterator[Window]:
        """Take the next piece, of any length; give the windows that it completes."""
        self._samples.add(block)
        while len(self._samples) >= self._length:
            self._before = self.buffer[: self._step]
            yield Window(self._start / self._rate, self.buffer[: self._length], self._rate)
            self._samples.drop(self._step)
            self._start += self._step

    def rest(self) -> Iterator[Window]:
        """Give the last window; one that would be shorter than half of `duration` begins earlier, as a full window."""
        covered = 0 if self._start == 0 else self._length - self._step  # samples that the last window had
        size = len(self._samples)
        if size <= covered:
            return
        if self._start == 0 or size >= HALF * self._length:
            yield Window(self._start / self._rate, self.buffer, self._rate)
        else:
            yield Window((self._start + size - self._length) / self._rate, self.end, self._rate)


def check_hop(hop: float, duration: float, sample_rate: int) -> None:
    """Raise `ValueError` if windows of `duration` seconds cannot begin every `hop` seconds.

    Examples
    --------
    >>> check_hop(0.0, 3.0, 16_000)
    Traceback (most recent call last):
    ValueError: the hop is 0 s; wanted above 0, and at most the 3 s of a window
    """
    step = round(hop * sample_rate) if 0 < hop <= duration else 0
    if not 1 <= step <= round(duration * sample_rate):
        raise ValueError(f"the hop is {hop:g} s; wanted above 0, and at most the {duration:g} s of a window")


def windowed(blocks: Iterable[Waveform], sample_rate: int, *, duration: float, hop: float) -> Iterator[Window]:
    """Windows of a waveform in pieces, as `Windows`, as soon as they are complete; `ValueError` as there.

    Examples
    --------
    >>> windows = windowed([np.zeros(5, np.float32)], 1, duration=3, hop=1)
    >>> [(window.start, window.end) for window in windows]
    [(0.0, 3.0), (1.0, 4.0), (2.0, 5.0)]
    """
    windows = Windows(sample_rate, duration=duration, hop=hop)
    for block in blocks:
        yield from windows.add(block)
    yield from windows.rest()
