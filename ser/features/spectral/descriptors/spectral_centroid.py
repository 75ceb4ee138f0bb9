"""Mean of the frequency, weighted by magnitude."""

from ser.features.spectral.analysis import Analysis, Rows
from ser.features.spectral.descriptors.contract import Descriptor


def spectral_centroid(analysis: Analysis) -> Rows:
    """`librosa.feature.spectral_centroid`, Hz, `(1, n_frames)`.

    Examples
    --------
    >>> import numpy as np
    >>> sine = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000).astype(np.float32)
    >>> centroid = spectral_centroid(Analysis(sine, sample_rate=8000, n_fft=512, hop_length=128))
    >>> centroid.shape, round(float(np.median(centroid)))  # Hz
    ((1, 63), 1000)
    """
    return analysis.moments[:1]


DESCRIPTOR = Descriptor("Spectral_Centroid", spectral_centroid, is_smooth=True)
