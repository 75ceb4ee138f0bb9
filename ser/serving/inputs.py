"""What people want predicted: a file, bytes or a waveform of any length, as windows that are never all in memory."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from ser.audio import reading, waveforms
from ser.audio.reading import InvalidAudio, Kind
from ser.audio.waveforms import Waveform

RATES = (4_000, 384_000)  # Hz; outside, a header is wrong
LOUDEST = 2.0**31  # full scale of 32-bit integers that someone wrote as floats; more is no sound
SUFFIXES = (
    *(".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".snd", ".w64"),
    *(".wav", ".wave"),
)
BLOCK = 2**19  # samples of all channels that are decoded at a time, 2 MiB
HALF = 0.5  # of a window; a last one that is shorter is left out, unless it is the only one


@dataclass(frozen=True)
class Window:
    """Part of a recording."""

    start: float
    """Seconds from the recording's start."""
    waveform: Waveform
    sample_rate: int
    """Hz."""

    @property
    def end(self) -> float:
        """Seconds from the recording's start."""
        return self.start + self.waveform.size / self.sample_rate


@dataclass(frozen=True)
class Input:
    """A recording whose samples are decoded as they are asked for, once."""

    blocks: Iterable[Waveform]
    """Consecutive pieces of any length, of finite samples."""
    sample_rate: int
    """Hz."""
    duration: float
    """Seconds."""

    def whole(self) -> Waveform:
        """All samples."""
        return np.concatenate([np.empty(0, np.float32), *self.blocks])

    def windows(self, *, duration: float, hop: float) -> Iterator[Window]:
        """Windows of `duration` seconds, one every `hop` seconds; the last may be shorter."""
        return windowed(self.blocks, self.sample_rate, duration=duration, hop=hop)


def windowed(blocks: Iterable[Waveform], sample_rate: int, *, duration: float, hop: float) -> Iterator[Window]:
    """Windows of `duration` seconds, one every `hop` seconds, of a waveform that comes in pieces, as they come.

    A last one that is shorter than half of `duration` is left out, unless it is the only one.

    Raises
    ------
    ValueError
        If `hop` is not positive, or longer than `duration`.
    """
    length = round(duration * sample_rate)
    step = round(hop * sample_rate) if 0 < hop <= duration else 0
    if not 1 <= step <= length:
        raise ValueError(f"windows of {duration} s every {hop} s; the step must be above 0, and not above the length")
    buffer = np.empty(0, np.float32)
    start = 0
    for block in blocks:
        buffer = np.concatenate([buffer, block])
        while buffer.size >= length:
            yield Window(start / sample_rate, buffer[:length], sample_rate)
            buffer, start = buffer[step:], start + step
    heard = 0 if start == 0 else length - step  # of the buffer, in the window before
    if buffer.size > heard and (start == 0 or buffer.size >= HALF * length):
        yield Window(start / sample_rate, buffer, sample_rate)


@contextmanager
def opened(source: Path | bytes) -> Iterator[Input]:
    """A file, or the bytes of one, ready to be decoded.

    Raises
    ------
    InvalidAudio
        If it is no audio, is damaged, or has samples that are not finite; also while the samples are asked for.
    OSError
        If the file cannot be opened.
    """
    with reading.opened(source) as sound:
        check_rate(sound.samplerate)
        yield Input(_blocks(sound), sound.samplerate, sound.frames / sound.samplerate)


def _blocks(sound: soundfile.SoundFile) -> Iterator[Waveform]:
    """Mono, in pieces; checked to be as many samples as the file declares."""
    n_samples = 0
    length = max(1, BLOCK // sound.channels)
    while (samples := sound.read(length, dtype="float32", always_2d=True)).size:
        n_samples += len(samples)
        yield checked(waveforms.mono(samples))
    reading.check_length(sound, n_samples)


def of_waveform(waveform: npt.ArrayLike, sample_rate: float) -> Input:
    """Samples, `(n_samples,)` or `(n_samples, n_channels)`, floats of full scale 1, or integers.

    Raises
    ------
    InvalidAudio
        If they have another shape or kind, or are not finite.
    """
    samples: npt.NDArray[Any] = np.asarray(waveform)
    if samples.ndim not in (1, 2) or samples.dtype.kind not in "fiu":
        reason = f"a waveform of shape {samples.shape} and type {samples.dtype}"
        raise InvalidAudio(Kind.SHAPE, reason, "give numbers, (n_samples,) or (n_samples, n_channels)")
    if samples.ndim == 2 and samples.shape[1] > samples.shape[0] > 0:
        remedy = "give (n_samples, n_channels), which is its transpose"
        raise InvalidAudio(Kind.SHAPE, f"a waveform of shape {samples.shape}", remedy)
    if samples.dtype.kind != "f":
        samples = _of_integers(samples)
    with np.errstate(over="ignore"):
        single = samples.astype(np.float32)
    rate = check_rate(sample_rate)
    one = checked(waveforms.mono(single.reshape(len(single), -1)) if single.size else np.empty(0, np.float32))
    return Input([one], rate, one.size / rate)


def _of_integers(samples: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Integers as floats of full scale 1; unsigned ones have their zero in the middle, as in WAV files of 8 bit."""
    info = np.iinfo(samples.dtype)
    half = (int(info.max) - int(info.min) + 1) / 2
    return (samples.astype(np.float64) - (half if info.min == 0 else 0)) / half


def check_rate(sample_rate: float) -> int:
    """`sample_rate`, in Hz, as a whole number; `InvalidAudio` if it is none that speech is recorded at."""
    if not RATES[0] <= sample_rate <= RATES[1] or sample_rate != round(sample_rate):
        remedy = f"record at {RATES[0]} to {RATES[1]} Hz"
        raise InvalidAudio(Kind.SAMPLE_RATE, f"a sample rate of {sample_rate} Hz", remedy)
    return round(sample_rate)


def checked(waveform: Waveform) -> Waveform:
    """`waveform`; `InvalidAudio` if a sample is not finite, or far beyond any full scale."""
    if not np.isfinite(waveform).all():
        raise InvalidAudio(Kind.NOT_FINITE, "NaN or infinite samples")
    if np.abs(waveform).max(initial=0) > LOUDEST:
        raise InvalidAudio(Kind.TOO_LOUD, f"samples of up to {np.abs(waveform).max():.3g}, and full scale is 1")
    return waveform
