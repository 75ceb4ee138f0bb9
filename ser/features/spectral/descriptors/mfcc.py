"""Mel-frequency cepstral coefficients."""

from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors.contract import Descriptor


def mfcc(analysis: Analysis, *, n_mfcc: int) -> Array:
    """`librosa.feature.mfcc`, `(n_mfcc, n_frames)`.

    Examples
    --------
    >>> import numpy as np
    >>> second = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
    >>> mfcc(second, n_mfcc=13).shape
    (13, 63)
    """
    return analysis.mfcc(n_mfcc)


DESCRIPTOR = Descriptor("MFCC", mfcc, is_smooth=True)
