"""Root mean square of the samples of a frame."""

import numpy as np

from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors.contract import Descriptor


def rms(analysis: Analysis) -> Array:
    """`librosa.feature.rms` of the waveform, full scale is 1, `(1, n_frames)`.

    Examples
    --------
    >>> second = Analysis(np.full(8000, 0.5, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
    >>> level = rms(second)
    >>> level.shape, float(level.max())  # full scale is 1
    ((1, 63), 0.5)
    """
    energy: Array = np.vecdot(analysis.frames, analysis.frames)[None]
    return np.sqrt(energy / analysis.n_fft)


DESCRIPTOR = Descriptor("RMS", rms, is_smooth=True)
