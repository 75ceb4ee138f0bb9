"""Synthetic recordings with realistic file names."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

Waveform = npt.NDArray[np.float32]

NEUTRAL = "01"
# RAVDESS's emotion code -> fundamental frequency in semitones above the speaker's own, level (full scale is 1)
PROSODY = {
    NEUTRAL: (0.0, 0.10),
    "02": (-1.0, 0.06),
    "03": (5.0, 0.20),
    "04": (-3.0, 0.04),
    "05": (4.0, 0.35),
    "06": (7.0, 0.15),
    "07": (-2.0, 0.13),
    "08": (9.0, 0.22),
}


def tone(frequency: float, duration: float, sample_rate: int = 16_000, level: float = 0.3) -> Waveform:
    """Sine of `frequency` Hz and peak `level`, `(n_samples,)`."""
    time = np.arange(round(duration * sample_rate)) / sample_rate
    return (level * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def speech_like(seed: int, duration: float = 1.3, sample_rate: int = 22_050) -> Waveform:
    """Gliding harmonics with pauses and noise, `(n_samples,)`: every descriptor varies over its frames."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(duration * sample_rate)) / sample_rate
    pitch = generator.uniform(100, 250) * (1 + 0.2 * np.sin(2 * np.pi * generator.uniform(1, 3) * time))
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    voice = sum(np.sin(k * phase) / k for k in range(1, 20))
    envelope = np.clip(np.sin(2 * np.pi * generator.uniform(2, 4) * time), 0, 1)
    return (0.1 * voice * envelope + 0.003 * generator.standard_normal(time.size)).astype(np.float32)


def ravdess_corpus(
    root: Path, *, speakers: Sequence[str] = ("01", "02", "03", "04"), sample_rate: int = 16_000, seed: int = 0
) -> Path:
    """Write `root/Actor_NN/03-01-EE-II-SS-01-NN.flac`: 30 different utterances of 0.5 s per speaker."""
    random = np.random.default_rng(seed)
    for speaker in speakers:
        folder = root / f"Actor_{speaker}"
        folder.mkdir(parents=True)
        voice = (110 if int(speaker) % 2 else 200) * 2 ** random.uniform(-0.1, 0.1)
        for emotion, (semitones, level) in PROSODY.items():
            for intensity in ("01",) if emotion == NEUTRAL else ("01", "02"):
                for statement in ("01", "02"):
                    pitch = voice * 2 ** ((semitones + random.normal(0, 0.5)) / 12)
                    strength = level * (1.5 if intensity == "02" else 1.0)
                    harmonics = [tone(k * pitch, 0.5, sample_rate, strength / k) for k in (1, 2, 3, 4, 5)]
                    noise = random.normal(0, 0.02 * strength, harmonics[0].size)
                    waveform = (np.sum(harmonics, axis=0) / 2 + noise).astype(np.float32)
                    path = folder / f"03-01-{emotion}-{intensity}-{statement}-01-{speaker}.flac"
                    soundfile.write(path, waveform, sample_rate)
    return root
