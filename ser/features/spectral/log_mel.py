"""Mel spectrogram of an utterance in decibel, scaled to [0, 1]: the representation `log_mel`."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ser.audio import waveforms
from ser.audio.excerpts import excerpt
from ser.features.definition import Definition
from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.scales import decibels


@dataclass(frozen=True)
class Settings:
    """Settings of `log_mel`, as conf/log_mel has them.

    Examples
    --------
    >>> chosen = Settings("small", 8000, duration=2.0, n_fft=512, hop_length=160, n_mels=20, fmax=4000.0)
    >>> chosen.hop_length / chosen.sample_rate  # seconds
    0.02
    """

    name: str
    """Name of the settings."""
    sample_rate: int
    """Hz, to which the waveform is resampled."""
    duration: float
    """Seconds, to which the waveform is cut or padded with zeros."""
    n_fft: int
    hop_length: int
    """Samples, as `n_fft`."""
    n_mels: int
    fmax: float
    """Hz, the end of the highest band."""


def log_mel(waveform: Array, recorded_rate: int, **settings: Any) -> Array:
    """Mel spectrogram in decibel below its own maximum, scaled to [0, 1] by its minimum and maximum.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.
    settings
        Fields of `Settings`.

    Returns
    -------
    array
        `(n_mels, 1 + duration * sample_rate // hop_length)`; all zero for digital silence.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.1, 8_000).astype(np.float32)
    >>> settings = {"name": "small", "sample_rate": 8_000, "duration": 2.0, "n_fft": 512, "hop_length": 160}
    >>> found = log_mel(noise, 8_000, **settings, n_mels=20, fmax=4_000.0)
    >>> found.shape, float(found.min()), float(found.max())
    ((20, 101), 0.0, 1.0)
    """
    chosen = Settings(**settings)
    rate, duration = chosen.sample_rate, chosen.duration
    at_rate = excerpt(waveform, recorded_rate, sample_rate=rate, duration=duration)
    at_rate = waveforms.fitted(at_rate, round(duration * rate))
    analysis = Analysis(at_rate, sample_rate=rate, n_fft=chosen.n_fft, hop_length=chosen.hop_length, precision="single")
    power = analysis.mel(chosen.n_mels, chosen.fmax)
    level = decibels(power, reference=power.max())
    span = level.max() - level.min()
    scaled: Array = (level - level.min()) / span if span > 0 else np.zeros_like(level)
    return scaled


REPRESENTATION = Definition(log_mel, time_axis=2, is_scaled=True, settings_class=Settings)
