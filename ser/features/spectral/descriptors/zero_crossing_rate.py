"""Share of the samples of a frame at which the sign changes."""

import numpy as np

from ser.features.spectral.analysis import Analysis, Rows
from ser.features.spectral.descriptors.contract import Descriptor

SILENCE = np.float32(1e-10)  # a sample nearer to 0 than this has no sign; librosa's default


def zero_crossing_rate(analysis: Analysis) -> Rows:
    """`librosa.feature.zero_crossing_rate`.

    Examples
    --------
    >>> sine = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000 + 0.1).astype(np.float32)
    >>> analysis = Analysis(sine, sample_rate=16_000, n_fft=512, hop_length=128)
    >>> round(float(np.median(zero_crossing_rate(analysis))), 3)  # about 2 of 16 samples
    0.123
    """
    negative = analysis.waveform < -SILENCE
    n_crossings = np.concatenate([[0], np.cumsum(negative[1:] != negative[:-1])])  # up to each sample
    begin = np.arange(len(analysis.frames)) * analysis.hop_length - analysis.n_fft // 2
    first, last = (np.clip(sample, 0, negative.size - 1) for sample in (begin, begin + analysis.n_fft - 1))
    rate: Rows = (n_crossings[last] - n_crossings[first])[None] / analysis.n_fft
    return rate


DESCRIPTOR = Descriptor("Zero_Crossing_Rate", zero_crossing_rate, is_smooth=True)
