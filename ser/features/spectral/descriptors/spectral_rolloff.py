"""Frequency below which most of the magnitude lies."""

import numpy as np

from ser.features.spectral.analysis import Analysis, Rows
from ser.features.spectral.descriptors.contract import Descriptor

ROLLOFF = 0.85  # share of the magnitude; librosa's default


def spectral_rolloff(analysis: Analysis) -> Rows:
    """`librosa.feature.spectral_rolloff`: Hz below which 85 % of the magnitude lies.

    Examples
    --------
    >>> second = Analysis(np.ones(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
    >>> spectral_rolloff(second).shape
    (1, 63)
    """
    sums = np.cumsum(analysis.magnitude, axis=0)
    rolloff: Rows = analysis.frequencies[(sums < ROLLOFF * sums[-1]).sum(axis=0, keepdims=True)]
    return rolloff


DESCRIPTOR = Descriptor("Spectral_Rolloff", spectral_rolloff)
