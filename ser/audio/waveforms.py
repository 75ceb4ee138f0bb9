"""Waveforms: the mean of channels, resampling, fitting to a length."""

from math import ceil

import numpy as np
import numpy.typing as npt
import soxr

Waveform = npt.NDArray[np.float32]


def mono(samples: npt.NDArray[np.float32]) -> Waveform:
    """Mean of the channels, `(n_samples, n_channels)` -> `(n_samples,)`."""
    # librosa.to_mono takes the mean too; one channel stays bit-identical
    if samples.shape[1] == 1:
        return np.ascontiguousarray(samples[:, 0])
    with np.errstate(over="ignore", invalid="ignore"):  # of values that are refused later
        return np.ascontiguousarray(samples.mean(axis=1))


def resampled(waveform: Waveform, *, sample_rate: int, target: int) -> Waveform:
    """Resample from `sample_rate` to `target` Hz as `librosa.load` does (SoX, high quality)."""
    if sample_rate == target:
        return waveform
    at_rate = soxr.resample(waveform, sample_rate, target, quality="soxr_hq")
    return fitted(at_rate, ceil(waveform.size * (target / sample_rate)))


def fitted(waveform: Waveform, n_samples: int) -> Waveform:
    """`n_samples` of a waveform, which is cut or padded with zeros."""
    return waveform[:n_samples] if waveform.size >= n_samples else np.pad(waveform, (0, n_samples - waveform.size))
