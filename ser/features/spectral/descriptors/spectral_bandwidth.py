"""Deviation of the frequency, weighted by magnitude."""

import numpy as np

from ser.features.spectral.analysis import Analysis, Rows
from ser.features.spectral.descriptors.contract import Descriptor


def spectral_bandwidth(analysis: Analysis) -> Rows:
    """`librosa.feature.spectral_bandwidth`, Hz.

    Examples
    --------
    >>> second = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
    >>> spectral_bandwidth(second).shape
    (1, 63)
    """
    mean, mean_square = analysis.moments
    bandwidth: Rows = np.sqrt(np.maximum(mean_square - mean**2, 0))[None]  # rounding can make it negative for one line
    return bandwidth


DESCRIPTOR = Descriptor("Spectral_Bandwidth", spectral_bandwidth, is_smooth=True)
