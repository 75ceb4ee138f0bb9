"""Mel spectrogram of an utterance in decibel, scaled to [0, 1]: the representation `log_mel`."""

import numpy as np

from ser.audio import waveforms
from ser.audio.excerpts import excerpt
from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.scales import decibels


def log_mel(
    waveform: Array,
    recorded_rate: int,
    *,
    name: str,
    sample_rate: int,
    duration: float,
    n_fft: int,
    hop_length: int,
    n_mels: int,
    fmax: float,
) -> Array:
    """Mel spectrogram in decibel below its own maximum, min-max scaled to [0, 1], `(n_mels, n_frames)`.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.
    name
        Of the setting.
    sample_rate
        Hz, to which the waveform is resampled.
    duration
        Seconds, to which it is cut or padded with zeros.
    n_fft, hop_length
        Samples.
    n_mels, fmax
        Bands from 0 to `fmax` Hz.

    Returns
    -------
    array
        `1 + duration * sample_rate // hop_length` frames; all zero for digital silence.
    """
    at_rate = excerpt(waveform, recorded_rate, sample_rate=sample_rate, duration=duration)
    at_rate = waveforms.fitted(at_rate, round(duration * sample_rate))
    analysis = Analysis(at_rate, sample_rate=sample_rate, n_fft=n_fft, hop_length=hop_length, precision="single")
    power = analysis.mel(n_mels, fmax)
    level = decibels(power, reference=power.max())
    span = level.max() - level.min()
    scaled: Array = (level - level.min()) / span if span > 0 else np.zeros_like(level)
    return scaled
