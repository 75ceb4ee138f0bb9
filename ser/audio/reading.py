"""Read and check recordings: the formats of `ser.audio.containers`, recognised by content and not by extension."""

import hashlib
import io
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from ser.audio import containers, riff
from ser.audio.mixing import Mixer
from ser.audio.waveforms import Waveform

MIN_DURATION = 0.1  # seconds; shorter than any vowel, and than three analysis frames
SCALE_16_BIT = np.float32(2**-15)  # from integers to a full scale of 1
UNKNOWN_FRAMES = 2**63 - 1  # libsndfile's SF_COUNT_MAX
LFS_POINTER = b"version https://git-lfs"
MAX_POINTER = 1024  # bytes, by the specification of Git LFS
UNKNOWN_BYTES = 0x7FFF0000  # or more: the size that ffmpeg, SoX and espeak-ng declare when they write into a pipe
MAY_BE_WAV = (b"RIFF", containers.BYTE_ORDER_MARK)
MAX_MENDED = 2**30  # bytes, nine hours of 16 kHz and 16 bit
MP3_SLACK = 2 * 1152  # samples, two frames
MAX_TAGS = 0.1  # largest share of an MP3 file that may follow the audio
REPLACE = "replace it by an intact copy, or remove it"


class Kind(StrEnum):
    """Reasons why a recording cannot be used; page and service choose their words and status by them."""

    EMPTY = "empty"
    LFS_POINTER = "lfs_pointer"
    NOT_OPENED = "not_opened"
    NOT_AUDIO = "not_audio"
    NO_LENGTH = "no_length"
    TRUNCATED = "truncated"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    SILENT = "silent"
    NOT_FINITE = "not_finite"
    TOO_LOUD = "too_loud"
    SAMPLE_RATE = "sample_rate"
    SHAPE = "shape"
    FEATURES_NOT_FINITE = "features_not_finite"


class InvalidAudio(ValueError):
    """A recording that cannot be used: its kind, what was found, and the remedy.

    Examples
    --------
    >>> error = InvalidAudio(Kind.EMPTY, "0 bytes", "record it again")
    >>> print(error)
    0 bytes; record it again
    >>> error.kind
    <Kind.EMPTY: 'empty'>
    """

    def __init__(self, kind: Kind, reason: str, remedy: str = REPLACE) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.kind = kind
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[type["InvalidAudio"], tuple[Kind, str, str]]:
        """Arguments of the constructor, by which another process restores the error."""
        return type(self), (self.kind, self.reason, self.remedy)


@dataclass(frozen=True)
class Recording:
    """A decoded recording.

    Examples
    --------
    >>> recording = Recording(np.zeros(8000, np.float32), sample_rate=16_000, channels=1)
    >>> recording.duration, recording.audio_hash[:8]
    (0.5, '106171ba')
    """

    waveform: Waveform
    """Channels mixed into one, `(n_samples,)`, full scale is 1."""
    sample_rate: int
    """Hz."""
    channels: int
    notes: tuple[str, ...] = ()
    """Changes of the waveform, in words."""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.waveform.size / self.sample_rate

    @property
    def audio_hash(self) -> str:
        """128-bit BLAKE2b of the decoded samples: equal for equal audio, whatever the container."""
        return hashlib.blake2b(self.waveform.tobytes(), digest_size=16).hexdigest()


def is_stub(path: Path) -> bool:
    """True if `path` is an empty file, a Git LFS pointer, a link to nothing, or not there.

    Examples
    --------
    >>> is_stub(Path("no_such_file.wav"))
    True
    """
    size = path.stat().st_size if path.exists() else 0
    if not 0 < size <= MAX_POINTER:
        return size == 0
    with path.open("rb") as file:
        return file.read(len(LFS_POINTER)) == LFS_POINTER


def read(path: Path) -> Recording:
    """Decode and check one recording.

    Raises
    ------
    InvalidAudio
        If the file is empty, a Git LFS pointer, not audio, truncated or of undeclared length, or if its samples are
        not finite, all equal, or fewer than 0.1 s.
    OSError
        If the file cannot be opened.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder, "a.wav"), [[0.5, 0], [-0.5, 0]] * 4000, 16_000)
    ...     recording = read(Path(folder, "a.wav"))
    >>> recording.waveform.shape, recording.channels, recording.duration
    ((8000,), 2, 0.5)
    """
    with opened(path) as sound:
        samples = _samples(sound)
        check_length(sound, len(samples))
        mixer = Mixer(sound.samplerate)
        recording = Recording(mixer(samples), sound.samplerate, sound.channels, tuple(mixer.notes))
    return _checked(recording)


def _samples(sound: soundfile.SoundFile) -> npt.NDArray[np.float32]:
    """All samples of a file, `(n_samples, n_channels)`, full scale is 1."""
    if sound.subtype == "PCM_16":  # libsndfile's own scaling gives equal values in ten times the time
        integers: npt.NDArray[np.int16] = sound.read(dtype="int16", always_2d=True)
        return integers * SCALE_16_BIT
    samples: npt.NDArray[np.float32] = sound.read(dtype="float32", always_2d=True)
    return samples


class _Bytes(io.BytesIO):
    """A file in memory that tolerates positions before its start: libsndfile seeks them in damaged files."""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


@contextmanager
def opened(source: Path | bytes) -> Iterator[soundfile.SoundFile]:
    """Open a file, or the bytes of one, for decoding; the format is recognised by content.

    Raises
    ------
    InvalidAudio
        If it is empty, a Git LFS pointer, not audio, or of undeclared length, or if decoding it fails.
    OSError
        If the file cannot be opened.

    Examples
    --------
    >>> with opened(b"<html>404: Not Found</html>"): pass  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.audio.reading.InvalidAudio: not readable as audio (Format not recognised); ...
    """
    with _Bytes(source) if isinstance(source, bytes) else source.open("rb", buffering=0) as file:
        head = file.read(len(LFS_POINTER))
        if not head:
            raise InvalidAudio(Kind.EMPTY, "0 bytes")
        if head == LFS_POINTER:
            remedy = "fetch the audio with `git lfs pull`"
            raise InvalidAudio(Kind.LFS_POINTER, "a Git LFS pointer, not audio", remedy)
        if not containers.is_known(file):
            raise _unreadable(file, source)
        try:
            sound, decoded = _decoder(file)
            with sound:
                if sound.frames == UNKNOWN_FRAMES:  # a FLAC stream, whose end libsndfile cannot find
                    remedy = "write it anew with `flac` or `ffmpeg`"
                    raise InvalidAudio(Kind.NO_LENGTH, "a stream that does not declare its length", remedy)
                yield sound
                if _is_mp3(sound) and sound.tell() == sound.frames:
                    _check_end(decoded)
        except soundfile.LibsndfileError as error:
            reason = f"not readable as audio ({error.error_string.rstrip('.')})"
            raise InvalidAudio(Kind.NOT_AUDIO, reason) from None


def _unreadable(file: BinaryIO | io.FileIO, source: Path | bytes) -> InvalidAudio:
    """Error for a file of another format; its remedy is the command that converts it, if the format is common."""
    known = containers.foreign(file)
    if known is None:
        return InvalidAudio(Kind.NOT_AUDIO, "not readable as audio (Format not recognised)")
    path = PurePath() if isinstance(source, bytes) else source
    if not (str(path).isprintable() and path.suffix):
        path = PurePath(f"recording{known.suffix}")
    converted = path.with_suffix(".wav")
    if converted == path:  # an M4A file named .wav, for example
        converted = path.with_name("converted.wav")
    remedy = f"convert it: {shlex.join(['ffmpeg', '-i', str(path), str(converted)])}"
    return InvalidAudio(Kind.NOT_AUDIO, f"{known.name}, which is not readable here", remedy)


def _decoder(file: BinaryIO | io.FileIO) -> tuple[soundfile.SoundFile, BinaryIO | io.FileIO]:
    """Decoder of a file, and the file that it reads, which is a mended one if libsndfile finds no samples."""
    file.seek(0)
    # Not the path: libsndfile takes a file named `x.raw` to have no header.
    nameless = file if isinstance(file, io.BytesIO) else file.fileno()
    failure: soundfile.LibsndfileError | None = None
    try:
        sound = soundfile.SoundFile(nameless, closefd=False)
        if sound.frames:
            return sound, file
    except soundfile.LibsndfileError as error:
        failure = error
    plain = _mended(file)
    if plain is not None:
        return soundfile.SoundFile(plain), plain
    if failure is not None:
        raise failure
    return sound, file  # of no samples


def _mended(file: BinaryIO | io.FileIO) -> _Bytes | None:
    """A WAV file with its chunks in order; None if it is another file."""
    file.seek(0)
    if not file.read(4).startswith(MAY_BE_WAV):
        return None
    file.seek(0)
    try:
        plain = riff.mended(file.read(MAX_MENDED))
    except ValueError as error:
        remedy = "write it anew with the program that recorded it, or with `ffmpeg`"
        raise InvalidAudio(Kind.NOT_AUDIO, str(error), remedy) from None
    return None if plain is None else _Bytes(plain)


def _is_mp3(sound: soundfile.SoundFile) -> bool:
    """True for MP3 in any container, such as WAV."""
    return str(sound.subtype).startswith("MPEG_LAYER")


def _check_end(file: BinaryIO | io.FileIO) -> None:
    """Raise `InvalidAudio` if much of an MP3 file follows its decoded part: libsndfile's guess of the end was wrong."""
    decoded, size = file.tell(), file.seek(0, io.SEEK_END)
    if size - decoded > MAX_TAGS * size:
        remedy = "write it anew with `ffmpeg` or `lame`"
        raise InvalidAudio(Kind.NO_LENGTH, "an MP3 stream that does not declare its length", remedy)


def check_length(sound: soundfile.SoundFile, n_samples: int) -> None:
    """Raise `InvalidAudio` if the header declares more than the `n_samples` that the whole file contains."""
    guessed = MP3_SLACK if _is_mp3(sound) else 0  # ffmpeg writes no length into a pipe, nor into a WAV file
    if n_samples < sound.frames - guessed or _is_truncated(sound.extra_info):
        raise InvalidAudio(Kind.TRUNCATED, f"truncated: {n_samples} samples, fewer than its header declares")


def _is_truncated(log: str) -> bool:
    """True if libsndfile's log states that the data of a RIFF, RF64, W64, AIFF or AU file is longer than the file.

    Streams of unknown length declare 0 bytes, or about the largest number of the field, signed or not; they are whole.
    """
    declared = r"^\s*(?:data|SSND|Data Size|Riff size|riff)\s*:\s*(\d+)\s*\(should be (\d+)\)"
    found = re.search(declared, log, re.MULTILINE)
    return found is not None and int(found[2]) < int(found[1]) < UNKNOWN_BYTES


def _checked(recording: Recording) -> Recording:
    if recording.duration < MIN_DURATION:
        reason = f"{recording.duration:.6g} s long, shorter than {MIN_DURATION} s"
        raise InvalidAudio(Kind.TOO_SHORT, reason, "remove it")
    lowest, highest = recording.waveform.min(), recording.waveform.max()
    if not np.isfinite([lowest, highest]).all():  # both are NaN if one sample is
        raise InvalidAudio(Kind.NOT_FINITE, "NaN or infinite samples")
    if lowest == highest:
        raise InvalidAudio(Kind.SILENT, f"every sample is {f'{lowest:.3g}' if lowest else 'zero'}")
    return recording
