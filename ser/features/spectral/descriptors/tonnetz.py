"""Tonal centroid features of the chroma of a constant-Q transform."""

import librosa

from ser.features.spectral import constant_q, peaks
from ser.features.spectral.analysis import Analysis, Rows
from ser.features.spectral.descriptors.contract import Descriptor


def tonnetz(analysis: Analysis) -> Rows:
    """`librosa.feature.tonnetz` of the waveform without harmonic separation, `(6, n_frames)`.

    Examples
    --------
    >>> import numpy as np
    >>> second = Analysis(np.ones(22_050, np.float32), sample_rate=22_050, n_fft=2048, hop_length=512)
    >>> tonnetz(second).shape
    (6, 44)
    """
    rate = analysis.sample_rate
    tuning = peaks.tuning(analysis.magnitude, sample_rate=rate, bins_per_octave=constant_q.N_BINS)
    tuned = constant_q.chroma(analysis.waveform, sample_rate=rate, hop_length=analysis.hop_length, tuning=tuning)
    return librosa.feature.tonnetz(chroma=tuned)


DESCRIPTOR = Descriptor("Tonnetz", tonnetz)
