"""Read and check recordings."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from ser.audio.invalid import InvalidAudio as InvalidAudio
from ser.audio.invalid import Kind as Kind
from ser.audio.mixing import Mixer
from ser.audio.sound_files import LFS_POINTER, check_length, opened, pieces
from ser.audio.waveforms import Waveform

MIN_DURATION = 0.1  # seconds; shorter than any vowel, and than three analysis frames
SCALE_16_BIT = np.float32(2**-15)  # from integers to a full scale of 1
MOST_AT_ONCE = 2**26  # samples of all channels: a damaged header can declare more than any memory holds
MAX_POINTER = 1024  # bytes, by the specification of Git LFS


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
    return checked(recording)


def _samples(sound: soundfile.SoundFile) -> npt.NDArray[np.float32]:
    """All samples of a file, `(n_samples, n_channels)`, full scale is 1."""
    if sound.subtype == "PCM_16":  # libsndfile's own scaling gives equal values in ten times the time
        integers: npt.NDArray[np.int16] = _of_type(sound, "int16")
        return integers * SCALE_16_BIT
    samples: npt.NDArray[np.float32] = _of_type(sound, "float32")
    return samples


def _of_type(sound: soundfile.SoundFile, dtype: str) -> Any:
    """All samples of a file."""
    found = list(pieces(sound, length=max(1, MOST_AT_ONCE // sound.channels), dtype=dtype))
    return found[0] if len(found) == 1 else np.concatenate([np.empty((0, sound.channels), dtype), *found])


def checked(recording: Recording) -> Recording:
    """Return a recording that can be used.

    Raises
    ------
    InvalidAudio
        If its samples are not finite, all equal, or fewer than 0.1 s.

    Examples
    --------
    >>> checked(Recording(np.zeros(800, np.float32), 16_000, 1))
    Traceback (most recent call last):
    ser.audio.invalid.InvalidAudio: 0.05 s long, shorter than 0.1 s; remove it
    """
    if recording.duration < MIN_DURATION:
        reason = f"{recording.duration:.6g} s long, shorter than {MIN_DURATION} s"
        raise InvalidAudio(Kind.TOO_SHORT, reason, "remove it")
    lowest, highest = recording.waveform.min(), recording.waveform.max()
    if not np.isfinite([lowest, highest]).all():  # both are NaN if one sample is
        raise InvalidAudio(Kind.NOT_FINITE, "NaN or infinite samples")
    if lowest == highest:
        raise InvalidAudio(Kind.SILENT, f"every sample is {f'{lowest:.3g}' if lowest else 'zero'}")
    return recording
