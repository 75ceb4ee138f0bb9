"""Spectral peaks and tuning, bit by bit as `librosa.piptrack` and `librosa.estimate_tuning`.

Only the peaks are interpolated, which are a few of a hundred bins. librosa interpolates every bin.
"""

from typing import NamedTuple

import librosa
import numpy as np
import numpy.typing as npt

from ser.features.spectral.analysis import Array

FMIN, FMAX = 150.0, 4000.0  # Hz; librosa's defaults
THRESHOLD = 0.1  # share of the maximum of the frame; librosa's default


class Peaks(NamedTuple):
    """Spectral peaks of all frames, each array `(n_peaks,)`.

    Examples
    --------
    >>> Peaks(np.array([0]), np.array([440], np.float32), np.array([0.5], np.float32)).frequency.tolist()
    [440.0]
    """

    frame: npt.NDArray[np.intp]
    frequency: Array
    """Hz."""
    height: Array
    """In the unit of the spectrum."""


def peaks(spectrum: Array, *, sample_rate: int) -> Peaks:
    """Local maxima between 150 and 4000 Hz above a tenth of the maximum of their frame, interpolated by parabolas.

    Parameters
    ----------
    spectrum
        Magnitude or power, `(1 + n_fft / 2, n_frames)`.
    sample_rate
        Hz.

    Examples
    --------
    >>> spectrum = np.zeros((513, 1), np.float32)
    >>> spectrum[64] = 1
    >>> peaks(spectrum, sample_rate=16_000).frequency.tolist()
    [1000.0]
    """
    levels = spectrum.T
    n_fft = 2 * (levels.shape[1] - 1)
    frequencies = librosa.fft_frequencies(sr=sample_rate, n_fft=n_fft)
    first, end = np.searchsorted(frequencies, [FMIN, min(FMAX, sample_rate / 2)])  # each bin has two neighbours
    below, here, above = (levels[:, first + shift : end + shift] for shift in (-1, 0, 1))
    loudest = levels.max(axis=1, keepdims=True)
    is_peak = (here > THRESHOLD * loudest) & (here > below) & (here >= above)
    frame, column = np.divmod(np.flatnonzero(is_peak), is_peak.shape[1])  # half the time of np.nonzero
    low, level, high = below[frame, column], here[frame, column], above[frame, column]
    curvature = (low + high) - 2.0 * level.astype(np.float64)  # single, then double precision, as in librosa
    slope = (high - low).astype(np.float64) / 2
    inside = np.abs(slope) < np.abs(curvature)  # else the vertex of the parabola is beyond a neighbouring bin
    offset = np.divide(-slope, curvature, out=np.zeros_like(slope), where=inside).astype(np.float32)
    frequency = (first + column + offset) * float(sample_rate) / n_fft
    height = level + np.float32(0.25) * (high - low) * offset
    return Peaks(frame, frequency.astype(np.float32), height)


def tuning(spectrum: Array, *, sample_rate: int, bins_per_octave: int) -> float:
    """Deviation from A 440 Hz of the higher half of the peaks, in fractions of a bin; 0 without peaks.

    Parameters
    ----------
    spectrum
        Magnitude or power, `(1 + n_fft / 2, n_frames)`.
    sample_rate
        Hz.

    Examples
    --------
    >>> tone = librosa.tone(445, sr=16_000, length=4096)
    >>> spectrum = np.abs(librosa.stft(tone, n_fft=4096))
    >>> round(tuning(spectrum, sample_rate=16_000, bins_per_octave=12), 2)  # 445 Hz is 0.2 semitones above 440 Hz
    0.19
    """
    _, frequency, height = peaks(spectrum, sample_rate=sample_rate)
    if not frequency.size:
        return 0.0
    high = frequency[height >= np.median(height)]
    return float(librosa.pitch_tuning(high, bins_per_octave=bins_per_octave))
