"""Read, check, and resample recordings: any format that libsndfile reads, told by content and not by extension."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

Waveform = npt.NDArray[np.float32]

MIN_DURATION = 0.1  # seconds; shorter than any vowel, and than three analysis frames
UNKNOWN_FRAMES = 2**63 - 1  # libsndfile's SF_COUNT_MAX
LFS_POINTER = b"version https://git-lfs"
MAX_POINTER = 1024  # bytes, by the specification of Git LFS
REPLACE = "replace it by an intact copy from the corpus's source, or remove it"


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
    with path.open("rb") as file:
        head = file.read(len(LFS_POINTER))
    if not head:
        raise InvalidAudio("0 bytes")
    if head == LFS_POINTER:
        raise InvalidAudio("a Git LFS pointer, not audio", "fetch the audio with `git lfs pull`")
    try:
        with soundfile.SoundFile(path) as file:
            declared_frames, sample_rate, channels = file.frames, file.samplerate, file.channels
            log = file.extra_info
            if declared_frames == UNKNOWN_FRAMES:  # a FLAC stream; libsndfile cannot find its end
                raise InvalidAudio("a stream that does not declare its length", "write it anew with `flac` or `ffmpeg`")
            samples = file.read(dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise InvalidAudio(f"not readable as audio ({error.error_string.rstrip('.')})") from None
    if len(samples) < declared_frames or _is_truncated(log):
        raise InvalidAudio(f"truncated: {len(samples)} samples, fewer than its header declares")
    # librosa.to_mono takes the mean too; one channel stays bit-identical
    waveform = samples[:, 0] if channels == 1 else samples.mean(axis=1)
    return _checked(Recording(np.ascontiguousarray(waveform), sample_rate, channels))


def _is_truncated(log: str) -> bool:
    """Whether libsndfile's log says that the data of a RIFF, RF64, W64, AIFF or AU file is longer than the file.

    Streams of unknown length declare 0 or 0xFFFFFFFF bytes: those are whole.
    """
    declared = r"^\s*(?:data|SSND|Data Size|Riff size|riff)\s*:\s*(\d+)\s*\(should be (\d+)\)"
    found = re.search(declared, log, re.MULTILINE)
    return found is not None and int(found[2]) < int(found[1]) < 0xFFFFFF00


def _checked(recording: Recording) -> Recording:
    if recording.duration < MIN_DURATION:
        raise InvalidAudio(f"{recording.duration:.6g} s long, shorter than {MIN_DURATION} s", "remove it")
    if not np.isfinite(recording.waveform).all():
        raise InvalidAudio("NaN or infinite samples")
    if not recording.waveform.any():
        raise InvalidAudio("every sample is zero")
    return recording


def resampled(waveform: Waveform, *, sample_rate: int, target: int) -> Waveform:
    """Resample from `sample_rate` to `target` Hz as `librosa.load` does (SoX, high quality)."""
    import librosa  # half a second to import, which plain reading need not pay

    return np.asarray(librosa.resample(waveform, orig_sr=sample_rate, target_sr=target), np.float32)
