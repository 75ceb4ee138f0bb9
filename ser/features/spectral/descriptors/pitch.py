"""Mean pitch of the spectral peaks."""

import numpy as np

from ser.features.spectral import peaks
from ser.features.spectral.analysis import Analysis, Rows
from ser.features.spectral.descriptors.contract import Descriptor


def pitch(analysis: Analysis) -> Rows:
    """Mean of the pitches of `librosa.piptrack` over all bins, most of which are 0: Hz, `(1, n_frames)`.

    Examples
    --------
    >>> second = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
    >>> mean = pitch(second)
    >>> mean.shape, float(mean.max())  # silence has no peaks
    ((1, 63), 0.0)
    """
    n_bins, n_frames = analysis.magnitude.shape
    frame, frequency, _ = peaks.peaks(analysis.magnitude, sample_rate=analysis.sample_rate)
    mean: Rows = np.bincount(frame, weights=frequency, minlength=n_frames)[None] / n_bins
    return mean


DESCRIPTOR = Descriptor("Pitch", pitch)
