"""First derivative in time of the mel-frequency cepstral coefficients."""

from functools import cache

import librosa
import numpy as np

from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors.contract import Descriptor

WIDTH = 9  # frames; librosa's default


def delta_mfcc(analysis: Analysis, *, n_mfcc: int, order: int = 1) -> Array:
    """`librosa.feature.delta` of the MFCC; below 9 frames, where librosa fails, the edge frames are repeated.

    Examples
    --------
    >>> second = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
    >>> deltas = delta_mfcc(second, n_mfcc=13)
    >>> deltas.shape, round(float(abs(deltas).max()), 3)  # silence does not change
    ((13, 63), 0.0)
    """
    values = analysis.mfcc(n_mfcc)
    if values.shape[1] < WIDTH:
        return librosa.feature.delta(values, width=WIDTH, order=order, mode="nearest")
    weights, half = _weights(order), WIDTH // 2
    inner = np.lib.stride_tricks.sliding_window_view(values, WIDTH, axis=1) @ weights[:, half]
    begin, end = values[:, :WIDTH] @ weights[:, :half], values[:, -WIDTH:] @ weights[:, half + 1 :]
    return np.concatenate([begin, inner, end], axis=1)


@cache
def _weights(order: int) -> Array:
    """Weights of 9 frames (rows) in the delta of each of them: the deltas of impulses, because a delta is linear."""
    impulses = np.eye(WIDTH, dtype=np.float32)
    return librosa.feature.delta(impulses, width=WIDTH, order=order)


DESCRIPTOR = Descriptor("Delta_MFCC", delta_mfcc, is_smooth=True)
