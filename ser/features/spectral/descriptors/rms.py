"""Root mean square of the samples of a frame."""

import numpy as np

from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors.contract import Descriptor


def rms(analysis: Analysis) -> Array:
    """`librosa.feature.rms` of the waveform."""
    energy: Array = np.vecdot(analysis.frames, analysis.frames)[None]
    return np.sqrt(energy / analysis.n_fft)


DESCRIPTOR = Descriptor("RMS", rms, is_smooth=True)
