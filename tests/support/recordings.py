"""Good and bad uploads, as bytes."""

import io

import numpy as np
import soundfile

from tests.support.paths import DEMO
from tests.support.synthesis import Waveform, tone

RATE = 16_000
UTTERANCE = DEMO / "Actor_02" / "03-01-05-02-01-01-02.flac"  # synthetic speech


def file_of(waveform: Waveform, *, rate: int = RATE, kind: str = "WAV", subtype: str = "FLOAT") -> bytes:
    """Bytes of a sound file."""
    file = io.BytesIO()
    soundfile.write(file, waveform, rate, format=kind, subtype=subtype)
    return file.getvalue()


def spoken(duration: float) -> Waveform:
    """The utterance, repeated for `duration` seconds, `(n_samples,)`."""
    waveform, _ = soundfile.read(UTTERANCE, dtype="float32")
    return np.resize(waveform, round(duration * RATE))


def damaged() -> Waveform:
    """A tone with one NaN sample."""
    waveform = tone(220, 1.0)
    waveform[100] = np.nan
    return waveform


SILENCE = file_of(np.zeros(2 * RATE, np.float32))
# defect -> a file with it, and words of its error message
BAD = {
    "empty": (b"", "file is empty"),
    "text": (b"Dear diary, today I felt fine.", "not a sound file"),
    "M4A": (b"\x00\x00\x00\x20ftypM4A " + bytes(64), "damaged, or contains no sound"),
    "Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "only points to a recording"),
    "too short": (file_of(tone(220, 0.05)), "too short"),
    "too long": (file_of(np.zeros(4000 * 1801, np.float32), rate=4000, subtype="PCM_U8"), "too long"),
    "NaN": (file_of(damaged()), "not numbers"),
    "cut off": (file_of(tone(220, 1.0))[:20_000], "cut off"),
    "slow": (file_of(tone(220, 1.0), rate=1000), "sample rate"),
    "loud": (file_of(1e20 * tone(220, 1.0)), "far too loud"),
}
