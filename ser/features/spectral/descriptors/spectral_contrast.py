"""Level of the peaks above the valleys of the spectrum, band by band."""

from functools import cache
from itertools import pairwise

import librosa
import numpy as np

from ser.features.spectral.analysis import Analysis, Rows
from ser.features.spectral.descriptors.contract import Descriptor

EDGES = (0.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0)  # Hz; the last band has no upper edge; librosa's defaults
QUANTILE = 0.02  # of the bins of a band; librosa's default


def spectral_contrast(analysis: Analysis) -> Rows:
    """`librosa.feature.spectral_contrast`, 7 bands, decibel, `(7, n_frames)`.

    Examples
    --------
    >>> second = Analysis(np.ones(16_000, np.float32), sample_rate=16_000, n_fft=512, hop_length=256)
    >>> spectral_contrast(second).shape
    (7, 63)
    """
    bands = _bands(analysis.sample_rate, analysis.n_fft)
    shape = len(bands), analysis.magnitude.shape[1]
    valley, peak = np.empty(shape), np.empty(shape)
    for k, (bins, n_extreme) in enumerate(bands):
        levels = np.sort(analysis.magnitude[bins], axis=0)
        valley[k] = levels[:n_extreme].mean(axis=0)
        peak[k] = levels[-n_extreme:].mean(axis=0)
    contrast: Rows = librosa.power_to_db(peak) - librosa.power_to_db(valley)
    return contrast


@cache
def _bands(sample_rate: int, n_fft: int) -> tuple[tuple[slice, int], ...]:
    """Bins of each band, and the number of bins in its peak, which is also that in its valley.

    As in librosa, a band begins one bin below its edge, and all bands but the last end one bin early.

    Raises
    ------
    ValueError
        If a band would begin above half the sample rate.
    """
    if 2 * EDGES[-1] >= sample_rate:
        raise ValueError(f"no spectral contrast at {sample_rate} Hz; choose more than {2 * EDGES[-1]:g} Hz")
    frequencies = librosa.fft_frequencies(sr=sample_rate, n_fft=n_fft)
    bands = []
    for low, high in pairwise([*EDGES, np.inf]):
        begin = max(int(np.searchsorted(frequencies, low)) - 1, 0)
        end = int(np.searchsorted(frequencies, high, side="right"))
        n_extreme = max(round(QUANTILE * (end - begin)), 1)
        bands.append((slice(begin, end if high == np.inf else end - 1), n_extreme))
    return tuple(bands)


DESCRIPTOR = Descriptor("Spectral_Contrast", spectral_contrast)
