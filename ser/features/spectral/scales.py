"""Windows, mel bands and decibels, bit by bit as in librosa 0.11, whose import would take seconds.

A prediction needs nothing else of librosa but the resampler. Training uses the same functions, so that a served model
computes what was evaluated. The tests compare every function with that of librosa.
"""

import numpy as np
import numpy.typing as npt

LINEAR_STEP = 200.0 / 3  # Hz for a mel, below `LINEAR_END`
LINEAR_END = 1000.0  # Hz
LOG_STEP = np.log(6.4) / 27.0  # natural logarithm of the frequency for a mel, above `LINEAR_END`
LEAST_POWER = 1e-10
RANGE = 80.0  # decibels below the highest level; lower levels are raised to this limit

Doubles = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]


def hann(length: int) -> Doubles:
    """Periodic Hann window, `(length,)`.

    Examples
    --------
    >>> hann(4).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    phase = np.linspace(-np.pi, np.pi, length + 1)
    return (0.5 * np.cos(0 * phase) + 0.5 * np.cos(phase))[:-1]


def mel_filters(sample_rate: int, n_fft: int, n_mels: int, fmax: float | None) -> Singles:
    """Triangles of equal area on the mel scale, from 0 to `fmax` Hz (default: half the sample rate).

    Returns
    -------
    array
        `(n_mels, 1 + n_fft / 2)`.

    Examples
    --------
    >>> filters = mel_filters(16_000, 512, 20, fmax=None)
    >>> filters.shape
    (20, 257)
    >>> bool((filters.sum(axis=1) > 0).all())
    True

    References
    ----------
    .. [1] Slaney (1998), Auditory Toolbox, version 2, Interval Research Corporation, technical report 1998-010.
    """
    highest = mels(np.array([sample_rate / 2 if fmax is None else fmax]))[0]
    edges = _frequencies(np.linspace(0.0, highest, n_mels + 2))
    widths = np.diff(edges)
    ramps = np.subtract.outer(edges, np.fft.rfftfreq(n_fft, 1 / sample_rate))
    filters = np.zeros((n_mels, 1 + n_fft // 2), np.float32)
    for band in range(n_mels):
        rising, falling = -ramps[band] / widths[band], ramps[band + 2] / widths[band + 1]
        filters[band] = np.maximum(0, np.minimum(rising, falling))
    filters *= (2.0 / (edges[2:] - edges[:-2]))[:, np.newaxis]
    return filters


def mels(frequencies: Doubles) -> Doubles:
    """Frequencies in Hz on Slaney's mel scale: linear below 1000 Hz, logarithmic above.

    Examples
    --------
    >>> mels(np.array([0.0, 200.0, 1000.0, 6400.0])).round(1).tolist()
    [0.0, 3.0, 15.0, 42.0]
    """
    found = frequencies / LINEAR_STEP
    high = frequencies >= LINEAR_END
    found[high] = LINEAR_END / LINEAR_STEP + np.log(frequencies[high] / LINEAR_END) / LOG_STEP
    return found


def _frequencies(positions: Doubles) -> Doubles:
    """Hz of positions on the mel scale."""
    frequencies = LINEAR_STEP * positions
    high = positions >= LINEAR_END / LINEAR_STEP
    frequencies[high] = LINEAR_END * np.exp(LOG_STEP * (positions[high] - LINEAR_END / LINEAR_STEP))
    return frequencies


def decibels(power: Singles, *, reference: float | np.float32 = 1.0) -> Singles:
    """Level relative to `reference` in decibel; levels more than 80 dB below the highest are raised to that limit.

    Examples
    --------
    >>> decibels(np.array([1.0, 0.01, 0.0], np.float32)).round().tolist()
    [0.0, -20.0, -80.0]
    """
    level = 10.0 * np.log10(np.maximum(LEAST_POWER, power))
    level -= 10.0 * np.log10(np.maximum(LEAST_POWER, reference))
    cut: Singles = np.maximum(level, level.max() - RANGE)
    return cut
