"""Read and check recordings: any format that libsndfile reads, recognised by content and not by extension."""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from ser.audio.waveforms import Waveform, mono

MIN_DURATION = 0.1  # seconds; shorter than any vowel, and than three analysis frames
SCALE_16_BIT = np.float32(2**-15)  # from integers to a full scale of 1
UNKNOWN_FRAMES = 2**63 - 1  # libsndfile's SF_COUNT_MAX
LFS_POINTER = b"version https://git-lfs"
MAX_POINTER = 1024  # bytes, by the specification of Git LFS
UNKNOWN_BYTES = 0x7FFF0000  # and more: what ffmpeg, SoX and espeak-ng declare when they write into a pipe
MP3_SLACK = 2 * 1152  # samples, two frames
MAX_TAGS = 0.1  # of an MP3 file, that may follow the audio
REPLACE = "replace it by an intact copy, or remove it"


class InvalidAudio(ValueError):
    """A recording that cannot be used: what was found, and the remedy."""

    def __init__(self, reason: str, remedy: str = REPLACE) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class Recording:
    """A decoded recording."""

    waveform: Waveform
    """Mean of the channels, `(n_samples,)`, full scale is 1."""
    sample_rate: int
    """Hz."""
    channels: int

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.waveform.size / self.sample_rate

    @property
    def audio_hash(self) -> str:
        """128-bit BLAKE2b of the decoded samples: equal for equal audio, whatever the container."""
        return hashlib.blake2b(self.waveform.tobytes(), digest_size=16).hexdigest()


def is_stub(path: Path) -> bool:
    """Whether what should be a recording is an empty file, a Git LFS pointer, or a link that leads nowhere."""
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
        If the file is empty, a Git LFS pointer, not audio, truncated, of undeclared length, not finite, all zero, or
        shorter than 0.1 s.
    OSError
        If the file cannot be opened.
    """
    with opened(path) as sound:
        samples = _samples(sound)
        check_length(sound, len(samples))
        recording = Recording(mono(samples), sound.samplerate, sound.channels)
    return _checked(recording)


def _samples(sound: soundfile.SoundFile) -> npt.NDArray[np.float32]:
    """All samples of a file, `(n_samples, n_channels)`, full scale is 1."""
    if sound.subtype == "PCM_16":  # which libsndfile takes ten times as long to scale, to equal values
        integers: npt.NDArray[np.int16] = sound.read(dtype="int16", always_2d=True)
        return integers * SCALE_16_BIT
    samples: npt.NDArray[np.float32] = sound.read(dtype="float32", always_2d=True)
    return samples


class _Bytes(io.BytesIO):
    """A file in memory in which a position before the start is no error: libsndfile asks for it in damaged files."""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


@contextmanager
def opened(source: Path | bytes) -> Iterator[soundfile.SoundFile]:
    """A file, or the bytes of one, ready to be decoded; the format is told by content.

    Raises
    ------
    InvalidAudio
        If it is empty, a Git LFS pointer, not audio, or of undeclared length, or if decoding it fails.
    OSError
        If the file cannot be opened.
    """
    with _Bytes(source) if isinstance(source, bytes) else source.open("rb", buffering=0) as file:
        head = file.read(len(LFS_POINTER))
        if not head:
            raise InvalidAudio("0 bytes")
        if head == LFS_POINTER:
            raise InvalidAudio("a Git LFS pointer, not audio", "fetch the audio with `git lfs pull`")
        file.seek(0)
        nameless = file if isinstance(file, io.BytesIO) else file.fileno()  # by its name, `x.raw` would have no header
        try:
            with soundfile.SoundFile(nameless, closefd=False) as sound:
                if sound.frames == UNKNOWN_FRAMES:  # a FLAC stream; libsndfile cannot find its end
                    remedy = "write it anew with `flac` or `ffmpeg`"
                    raise InvalidAudio("a stream that does not declare its length", remedy)
                yield sound
                if sound.format == "MP3" and sound.tell() == sound.frames:
                    _check_end(file)
        except soundfile.LibsndfileError as error:
            raise InvalidAudio(f"not readable as audio ({error.error_string.rstrip('.')})") from None


def _check_end(file: BinaryIO | io.FileIO) -> None:
    """Raise `InvalidAudio` if an MP3 file that was read to its end has more: its length was guessed, and too short."""
    heard, size = file.tell(), file.seek(0, io.SEEK_END)
    if size - heard > MAX_TAGS * size:
        raise InvalidAudio("an MP3 stream that does not declare its length", "write it anew with `ffmpeg` or `lame`")


def check_length(sound: soundfile.SoundFile, n_samples: int) -> None:
    """Raise `InvalidAudio` if the file has less than the `n_samples` that were read from its start to its end."""
    guessed = MP3_SLACK if sound.format == "MP3" else 0  # where ffmpeg wrote it into a pipe
    if n_samples < sound.frames - guessed or _is_truncated(sound.extra_info):
        raise InvalidAudio(f"truncated: {n_samples} samples, fewer than its header declares")


def _is_truncated(log: str) -> bool:
    """Whether libsndfile's log says that the data of a RIFF, RF64, W64, AIFF or AU file is longer than the file.

    Streams of unknown length declare 0 bytes, or about as many as the field can say, signed or not: those are whole.
    """
    declared = r"^\s*(?:data|SSND|Data Size|Riff size|riff)\s*:\s*(\d+)\s*\(should be (\d+)\)"
    found = re.search(declared, log, re.MULTILINE)
    return found is not None and int(found[2]) < int(found[1]) < UNKNOWN_BYTES


def _checked(recording: Recording) -> Recording:
    if recording.duration < MIN_DURATION:
        raise InvalidAudio(f"{recording.duration:.6g} s long, shorter than {MIN_DURATION} s", "remove it")
    lowest, highest = recording.waveform.min(), recording.waveform.max()
    if not np.isfinite([lowest, highest]).all():  # NaN is both
        raise InvalidAudio("NaN or infinite samples")
    if lowest == highest == 0:
        raise InvalidAudio("every sample is zero")
    return recording
