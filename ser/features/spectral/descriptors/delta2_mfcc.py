"""Second derivative in time of the mel-frequency cepstral coefficients."""

from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors.contract import Descriptor
from ser.features.spectral.descriptors.delta_mfcc import delta_mfcc


def delta2_mfcc(analysis: Analysis, *, n_mfcc: int) -> Array:
    """Second-order `librosa.feature.delta` of the MFCC, `(n_mfcc, n_frames)`.

    Examples
    --------
    >>> import numpy as np
    >>> second = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
    >>> delta2_mfcc(second, n_mfcc=13).shape
    (13, 63)
    """
    return delta_mfcc(analysis, n_mfcc=n_mfcc, order=2)


DESCRIPTOR = Descriptor("Delta2_MFCC", delta2_mfcc, is_smooth=True)
