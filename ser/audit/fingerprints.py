"""Compact acoustic fingerprint of a recording, by which copies of it are recognised."""

import numpy as np
import numpy.typing as npt

from ser.audio import waveforms
from ser.features.spectral.analysis import Analysis

Array = npt.NDArray[np.float32]

SAMPLE_RATE = 8000  # Hz; copies at a low sample or bit rate keep this range
N_FFT = 1024  # samples, 128 ms; it resolves harmonics, which distinguish two takes of one sentence
HOP_LENGTH = 160  # samples, 20 ms; a sixth of the frame, so that copies may begin at another sample
EDGE = 4  # frames at each end that are not completely inside the recording
N_BANDS = 48
HIGHEST = 3400.0  # Hz; limit of telephone speech and of MP3 at low bit rates
LEAST_CHANGE = 0.3  # dB, root mean square; RAVDESS and EmoDB have 0.85 to 3.9, a steady tone has 0.1
RANGE = 40.0  # dB below the loudest band; lower levels are noise of the room or the encoder


def fingerprint(waveform: waveforms.Waveform, recorded_rate: int) -> Array:
    """Difference of mel band levels over bands and frames, `(N_BANDS - 1, n_differences)`, dB.

    The difference over bands and frames removes the level and the effect of a constant filter. Frames that reach beyond
    the ends are left out, because copies may be cut. Silence gives zeros, and so do recordings below 0.18 s and sounds
    that hardly change, such as a steady tone: they cannot be recognised.

    Parameters
    ----------
    waveform
        `(n_samples,)`.
    recorded_rate
        Sample rate in Hz.

    References
    ----------
    .. [1] Haitsma and Kalker (2002), A highly robust audio fingerprinting system, ISMIR; it uses the sign of this
       difference.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=16_000).astype(np.float32)
    >>> fingerprint(noise, 16_000).shape
    (47, 42)
    """
    at_rate = waveforms.resampled(waveform, sample_rate=recorded_rate, target=SAMPLE_RATE)
    analysis = Analysis(at_rate, sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, precision="single")
    power = analysis.mel(N_BANDS, HIGHEST)
    floor = power.max() * 10 ** (-RANGE / 10)
    level = 10 * np.log10(np.maximum(power, max(floor, np.finfo(np.float32).tiny)))
    change = np.diff(np.diff(level, axis=0), axis=1)[:, EDGE:-EDGE].astype(np.float32)
    if change.size == 0:
        return np.zeros((N_BANDS - 1, 1), np.float32)
    return change if np.sqrt(np.mean(change**2)) >= LEAST_CHANGE else np.zeros_like(change)
