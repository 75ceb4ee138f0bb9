"""Waveforms: mean of channels, resampling, fitting to a length."""

from math import ceil

import numpy as np
import numpy.typing as npt
import soxr

Waveform = npt.NDArray[np.float32]


def mono(samples: npt.NDArray[np.float32]) -> Waveform:
    """Mean of the channels, `(n_samples, n_channels)` -> `(n_samples,)`, as `librosa.to_mono`.

    Examples
    --------
    >>> mono(np.array([[0.5, -0.25], [1.0, 0.0]], np.float32))
    array([0.125, 0.5  ], dtype=float32)
    """
    if samples.shape[1] == 1:  # the samples stay as they are, bit for bit
        return np.ascontiguousarray(samples[:, 0])
    with np.errstate(over="ignore", invalid="ignore"):  # such values are refused later
        return np.ascontiguousarray(samples.mean(axis=1))


def resampled(waveform: Waveform, *, sample_rate: int, target: int) -> Waveform:
    """Waveform resampled from `sample_rate` to `target` Hz as by `librosa.load` (SoX, high quality).

    Examples
    --------
    >>> resampled(np.zeros(48_001, np.float32), sample_rate=48_000, target=16_000).shape
    (16001,)
    """
    if sample_rate == target:
        return waveform
    at_rate = soxr.resample(waveform, sample_rate, target, quality="soxr_hq")
    return fitted(at_rate, ceil(waveform.size * (target / sample_rate)))


def fitted(waveform: Waveform, n_samples: int) -> Waveform:
    """Waveform of exactly `n_samples`: cut, or padded with zeros at its end.

    Examples
    --------
    >>> fitted(np.ones(2, np.float32), 3)
    array([1., 1., 0.], dtype=float32)
    """
    return waveform[:n_samples] if waveform.size >= n_samples else np.pad(waveform, (0, n_samples - waveform.size))


def framed(waveform: Waveform, length: int) -> npt.NDArray[np.float64]:
    """Frames of `length` samples that do not overlap, `(n_frames, length)`; the rest at the end is left out.

    Examples
    --------
    >>> framed(np.arange(5, dtype=np.float32), 2).tolist()
    [[0.0, 1.0], [2.0, 3.0]]
    """
    n_frames = waveform.size // length
    return waveform[: n_frames * length].reshape(n_frames, length).astype(np.float64)
