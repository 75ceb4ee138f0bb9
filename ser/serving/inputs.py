"""Input of a prediction: a file, bytes or a waveform of any length, read in pieces so that memory stays small."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from ser.audio import full_scale, sample_rates, sound_files
from ser.audio.invalid import InvalidAudio, Kind
from ser.audio.mixing import Mixer
from ser.audio.reading import MIN_DURATION
from ser.audio.waveforms import Waveform
from ser.serving.windows import Window, windowed

LOUD = 4.0  # no recording with full scale 1 is 12 dB louder; much louder ones are refused, see `full_scale`
QUIET = 2.0**-15  # one step of 16 bits; samples of 16 bits in a type of 32 or 64 bits are below it
OTHER_LEVEL = (
    "at another level than in the training, answers are often wrong; give integers in their own type, or floats"
)
BLOCK = 2**20  # samples of all channels decoded at a time, 4 MiB: an utterance of 10 s in stereo at 48 kHz


@dataclass(frozen=True)
class Input:
    """A recording whose samples are decoded on demand, once.

    Examples
    --------
    >>> recording = Input([np.zeros(2, np.float32), np.ones(1, np.float32)], sample_rate=1, duration=3.0)
    >>> recording.whole()
    array([0., 0., 1.], dtype=float32)
    >>> [(window.start, window.end) for window in recording.windows(duration=2.0, hop=1.0)]
    [(0.0, 2.0), (1.0, 3.0)]
    """

    blocks: Iterable[Waveform]
    """Consecutive pieces of any length, with finite samples."""
    sample_rate: int
    """Hz."""
    duration: float
    """Seconds."""
    notes: Sequence[str] = ()
    """Changes of the waveform, in words; complete when all blocks are decoded."""

    def whole(self) -> Waveform:
        """All samples."""
        return np.concatenate([np.empty(0, np.float32), *self.blocks])

    def windows(self, *, duration: float, hop: float) -> Iterator[Window]:
        """Windows of `duration` seconds, one every `hop` seconds; the last one may be shorter."""
        for window in windowed(self.blocks, self.sample_rate, duration=duration, hop=hop):
            yield replace(window, notes=tuple(self.notes))


@contextmanager
def opened(source: Path | bytes, *, longest: float | None = None) -> Iterator[Input]:
    """Open a file, or the bytes of one, for decoding.

    Parameters
    ----------
    longest
        Seconds of sound that the caller accepts; a longer recording may be decoded in part.

    Raises
    ------
    InvalidAudio
        If it is not audio, is damaged, or has samples that are not finite; possibly only while it is decoded.
    OSError
        If the file cannot be opened.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder, "a.wav"), [-0.5, 0.5] * 4000, 16_000)
    ...     with opened(Path(folder, "a.wav")) as recording:
    ...         recording.duration, recording.sample_rate, recording.whole()[:2].tolist()
    (0.5, 16000, [-0.5, 0.5])
    """
    with sound_files.opened(source, longest=longest) as sound:
        sample_rates.check(sound.samplerate)
        mixer = Mixer(sound.samplerate)
        yield Input(_blocks(sound, mixer), sound.samplerate, sound.frames / sound.samplerate, mixer.notes)


@contextmanager
def given(recording: Input | str | Path) -> Iterator[Input]:
    """Input itself, or that of a file, which is closed at the end of `with`.

    Raises
    ------
    ValueError
        If it is of another type, such as a waveform, whose rate is not known here.

    Examples
    --------
    >>> with given([0.5, -0.5]):  # doctest: +ELLIPSIS
    ...     pass
    Traceback (most recent call last):
    ValueError: the recording is of type list; give the path of a file, or a waveform with its rate: ...
    """
    if isinstance(recording, str | Path):
        with opened(Path(recording)) as source:
            yield source
    elif isinstance(recording, Input):
        yield recording
    else:
        wanted = "the path of a file, or a waveform with its rate: ser.serving.recognition.opened(waveform, rate)"
        raise ValueError(f"the recording is of type {type(recording).__name__}; give {wanted}")


def _blocks(sound: soundfile.SoundFile, mixer: Mixer) -> Iterator[Waveform]:
    """Mono waveform in pieces; at the end, the number of samples is compared with the declared one."""
    n_samples, peak = 0, 0.0
    for samples in sound_files.pieces(sound, length=max(1, BLOCK // sound.channels), dtype="float32"):
        n_samples += len(samples)
        one = checked(mixer(samples))
        peak = max(peak, full_scale.peak(one))
        yield one
    sound_files.check_length(sound, n_samples)
    mixer.notes += remarks_on_level(peak)


def of_waveform(waveform: npt.ArrayLike, sample_rate: float) -> Input:
    """Input of the samples of a waveform.

    Parameters
    ----------
    waveform
        `(n_samples,)` or `(n_samples, n_channels)`; floats with full scale 1, or integers.
    sample_rate
        Hz.

    Raises
    ------
    InvalidAudio
        If the samples have another shape, type or scale, or are not finite.

    Examples
    --------
    >>> recording = of_waveform(np.array([0, 16384, -32768], np.int16), 16_000)
    >>> recording.whole()
    array([ 0. ,  0.5, -1. ], dtype=float32)
    """
    try:
        samples: npt.NDArray[Any] = np.asarray(waveform)
    except ValueError:  # lists of different lengths
        raise InvalidAudio(Kind.SHAPE, "a waveform that is no array", "give numbers, (n_samples,)") from None
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
    rate = sample_rates.check(sample_rate)
    mixer = Mixer(rate)
    one = checked(mixer(single.reshape(len(single), -1)) if single.size else np.empty(0, np.float32))
    return Input([one], rate, one.size / rate, [*mixer.notes, *remarks_on_level(full_scale.peak(one))])


def remarks_on_level(peak: float) -> list[str]:
    """Remark on a recording whose largest sample shows that its full scale is not 1; empty for any other.

    Examples
    --------
    >>> remarks_on_level(0.5), remarks_on_level(0.0)
    ([], [])
    >>> remarks_on_level(20.0)  # doctest: +ELLIPSIS
    ['samples of up to 20, and full scale is 1: at another level than in the training, answers are often wrong; ...']
    """
    if not (peak > LOUD or 0 < peak < QUIET):
        return []
    return [f"samples of up to {peak:.2g}, and full scale is 1: {OTHER_LEVEL} with full scale 1"]


def _of_integers(samples: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Integers as floats with full scale 1; zero of unsigned integers is in the middle, as in 8-bit WAV files."""
    info = np.iinfo(samples.dtype)
    half = (int(info.max) - int(info.min) + 1) / 2
    return (samples.astype(np.float64) - (half if info.min == 0 else 0)) / half


def check_duration(duration: float) -> None:
    """Raise `InvalidAudio` if a recording of `duration` seconds is too short.

    Examples
    --------
    >>> check_duration(0.1)
    """
    if duration < MIN_DURATION:
        raise InvalidAudio(Kind.TOO_SHORT, f"{duration:.6g} s long, shorter than {MIN_DURATION} s", "record more")


def checked(waveform: Waveform) -> Waveform:
    """Waveform as it is, after a check of its samples.

    Raises
    ------
    InvalidAudio
        If a sample is not finite, or beyond any level of a recording whose full scale is 1.

    Examples
    --------
    >>> checked(np.array([0.0, 1.5], np.float32)).tolist()
    [0.0, 1.5]
    """
    if not np.isfinite(waveform).all():
        raise InvalidAudio(Kind.NOT_FINITE, "NaN or infinite samples")
    full_scale.check(waveform)
    return waveform
