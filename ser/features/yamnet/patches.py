"""Input of YAMNet's network: log-mel spectra of 25 ms every 10 ms, cut into patches of 0.96 s every 0.48 s.

The published model computes this inside its graph, for one recording a call. Here, the patches of many recordings share
the calls of the network, and TensorFlow is not needed.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from ser.features.spectral.scales import hann

Array = npt.NDArray[np.float32]

SAMPLE_RATE = 16_000  # Hz
WINDOW_LENGTH, HOP_LENGTH, N_FFT = 400, 160, 512  # samples
N_MELS, FMIN, FMAX = 64, 125.0, 7_500.0  # bands, Hz
OFFSET = np.float32(0.001)  # added to the magnitude in a band before the logarithm
PATCH_FRAMES, PATCH_HOP = 96, 48  # frames
PATCH_LENGTH = (PATCH_FRAMES - 1) * HOP_LENGTH + WINDOW_LENGTH  # samples of a patch
PATCH_STEP = PATCH_HOP * HOP_LENGTH  # samples between the starts of patches


def patches(waveform: Array) -> Array:
    """Patches of a waveform at 16 kHz, the last one padded with zeros, `(n_patches, 96, 64)`.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, in [-1, 1].

    Examples
    --------
    >>> patches(np.zeros(2 * SAMPLE_RATE, np.float32)).shape
    (4, 96, 64)

    References
    ----------
    .. [1] Plakal and Ellis (2020), YAMNet: params.py and features.py in research/audioset/yamnet of
       github.com/tensorflow/models.
    """
    n_patches = 1 + max(0, -(-(waveform.size - PATCH_LENGTH) // PATCH_STEP))
    whole = np.pad(waveform, (0, PATCH_LENGTH + (n_patches - 1) * PATCH_STEP - waveform.size))
    by_patch = np.lib.stride_tricks.sliding_window_view(log_mel_spectra(whole), PATCH_FRAMES, axis=1)[:, ::PATCH_HOP]
    return np.ascontiguousarray(by_patch.transpose(1, 2, 0))


def log_mel_spectra(waveform: Array) -> Array:
    """Logarithm of the magnitude in each mel band, `(64, n_frames)`, for a waveform of one window or more.

    Examples
    --------
    >>> log_mel_spectra(np.zeros(16_000, np.float32)).shape  # one second at 16 kHz
    (64, 98)
    """
    frames = np.lib.stride_tricks.sliding_window_view(waveform, WINDOW_LENGTH)[::HOP_LENGTH]
    magnitude = np.abs(np.fft.rfft(frames * _window(), N_FFT, axis=1))
    log_mel: Array = np.log(_mel_filters() @ magnitude.T + OFFSET)
    return log_mel


@cache
def _window() -> Array:
    return hann(WINDOW_LENGTH).astype(np.float32)


@cache
def _mel_filters() -> Any:
    """Triangles of height 1, `(64, 257)`, linear in mel as in TensorFlow, and not in Hz as in librosa.

    Sparse, because a bin is in two bands at most, and because its sums do not depend on the number of threads.
    """
    edges = np.linspace(_mels(FMIN), _mels(FMAX), N_MELS + 2)
    bins = _mels(np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE))
    triangles = np.maximum(0, 1 - np.abs(edges[1:-1, np.newaxis] - bins) / (edges[1] - edges[0]))
    return scipy.sparse.csr_array(triangles.astype(np.float32))


def _mels(frequency: Any) -> Any:
    return 1127 * np.log1p(frequency / 700)
