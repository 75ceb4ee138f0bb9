"""Energy below over energy above a frequency.

References
----------
.. [1] Lerch (2012), An Introduction to Audio Content Analysis, section 3.3.
"""

import numpy as np

from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors.contract import Descriptor

MIN_ENERGY = 1e-20  # of a frame; only digital silence has less


def band_energy_ratio(analysis: Analysis, *, split_frequency: float) -> Array:
    """Energy below over energy above `split_frequency` (Hz), `(1, n_frames)`; 1 in digital silence.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=16_000).astype(np.float32)
    >>> analysis = Analysis(noise, sample_rate=16_000, n_fft=512, hop_length=128)
    >>> round(float(band_energy_ratio(analysis, split_frequency=2000.0).mean()), 1)  # a quarter of the spectrum
    0.3
    """
    below = analysis.frequencies < split_frequency
    energy_below = analysis.power[below].sum(axis=0, keepdims=True)
    energy_above = analysis.power[~below].sum(axis=0, keepdims=True)
    ratio: Array = np.maximum(energy_below, MIN_ENERGY) / np.maximum(energy_above, MIN_ENERGY)
    return ratio


DESCRIPTOR = Descriptor("Band_Energy_Ratio", band_energy_ratio)
