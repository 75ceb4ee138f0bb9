"""Energy of the 12 pitch classes."""

from functools import cache

import librosa
import numpy as np

from ser.features.spectral import peaks
from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors.contract import Descriptor

N_CHROMA = 12


def chroma(analysis: Analysis) -> Array:
    """`librosa.feature.chroma_stft`, 12 pitch classes, `(12, n_frames)`.

    Examples
    --------
    >>> chroma(Analysis(np.ones(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)).shape
    (12, 63)
    """
    return analysis.once("chroma", lambda: _chroma(analysis))


def _chroma(analysis: Analysis) -> Array:
    tuning = peaks.tuning(analysis.power, sample_rate=analysis.sample_rate, bins_per_octave=N_CHROMA)
    energy = _filters(analysis.sample_rate, analysis.n_fft, tuning) @ analysis.power
    return librosa.util.normalize(energy, norm=np.inf, axis=0)


@cache
def _filters(sample_rate: int, n_fft: int, tuning: float) -> Array:
    """`librosa.filters.chroma`, `(12, 1 + n_fft / 2)`; `tuning` has 101 possible values."""
    return librosa.filters.chroma(sr=sample_rate, n_fft=n_fft, tuning=tuning, n_chroma=N_CHROMA)


DESCRIPTOR = Descriptor("Chroma", chroma)
