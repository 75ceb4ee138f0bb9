"""One short-time Fourier transform of a waveform, and the intermediate results that its descriptors share.

Values are those of librosa 0.11. In double precision, in which librosa transforms, magnitudes are bit-identical.
Chroma, spectral contrast and pitch need this: in single precision, their values for some frames of RAVDESS differ by
0.5 to 2 standard deviations, because the choice between two equally good tunings, or between a peak and none, depends
on the last bits. Values that are smooth functions of the magnitudes, such as mel bands, differ by less than a
ten-thousandth of their deviation, and take 0.6 of the time.
"""

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ser.features.spectral.scales import decibels, hann, mel_filters

fft: Any
try:
    from scipy import fft
except ModuleNotFoundError:  # the core alone, for exported networks; equal to float precision
    from numpy import fft

Array = npt.NDArray[np.float32]
Rows = npt.NDArray[np.floating[Any]]
Precision = Literal["single", "double"]

N_MELS_OF_MFCC = 128  # librosa's default
N_BANDS = 8  # mel bands that are summed at once: together they cover few bins, most of which are in several bands
KEPT = 2**24  # bytes; several times the need of an utterance, and below glibc's limit of 2**25


class Analysis:
    """One waveform and the transforms that its descriptors share, each computed once, at its first use.

    Two-dimensional arrays lie frame by frame in memory, as those of `librosa.stft`.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`.
    sample_rate
        Hz.
    n_fft, hop_length
        Samples.
    precision
        Precision of the transform; values are in single precision in either case.

    Examples
    --------
    The spectral centroid of a sine is its frequency.

    >>> sine = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000).astype(np.float32)
    >>> mean, _ = Analysis(sine, sample_rate=8000, n_fft=512, hop_length=128).moments
    >>> round(float(np.median(mean)))
    1000
    """

    def __init__(
        self, waveform: Array, *, sample_rate: int, n_fft: int, hop_length: int, precision: Precision = "double"
    ) -> None:
        self.waveform = waveform
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.precision = precision
        self._computed: dict[str, Array] = {}
        _keep_freed_memory()

    @cached_property
    def frames(self) -> Array:
        """Samples around the centre of each frame, with zeros beyond the ends of the waveform, `(n_frames, n_fft)`.

        Examples
        --------
        >>> analysis = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
        >>> analysis.frames.shape
        (63, 512)
        """
        padded = np.pad(self.waveform, self.n_fft // 2)
        return np.lib.stride_tricks.sliding_window_view(padded, self.n_fft)[:: self.hop_length]

    @cached_property
    def magnitude(self) -> Array:
        """Magnitude of the spectrum, `(1 + n_fft / 2, n_frames)`.

        Examples
        --------
        >>> analysis = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
        >>> analysis.magnitude.shape
        (257, 63)
        """
        spectrum = fft.rfft(self.frames * _window(self.n_fft, self.precision), axis=1)
        magnitude: Array = np.abs(spectrum.astype(np.complex64, copy=False)).T
        return magnitude

    @cached_property
    def power(self) -> Array:
        """Squared magnitude, of the same shape.

        Examples
        --------
        >>> analysis = Analysis(np.ones(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
        >>> bool((analysis.power == analysis.magnitude**2).all())
        True
        """
        return self.magnitude**2

    @cached_property
    def frequencies(self) -> npt.NDArray[np.float64]:
        """Frequency of each row of `magnitude` in Hz, `(1 + n_fft / 2,)`.

        Examples
        --------
        >>> analysis = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
        >>> analysis.frequencies[[0, 1, -1]].tolist()
        [0.0, 15.625, 4000.0]
        """
        return np.asarray(np.fft.rfftfreq(self.n_fft, 1 / self.sample_rate), np.float64)

    @cached_property
    def moments(self) -> npt.NDArray[np.float64]:
        """Mean and mean square of the frequency, weighted by magnitude, `(2, n_frames)`; 0 in digital silence.

        In double precision: the variance, their difference, is often much smaller than either.
        """
        levels = self.magnitude.T.astype(np.float64)
        total, *sums = (levels @ self.frequencies**power for power in range(3))
        moments: npt.NDArray[np.float64] = np.stack(sums) / np.where(total > 0, total, 1)
        return moments

    def mel(self, n_mels: int, fmax: float | None = None) -> Array:
        """Power in mel bands from 0 to `fmax` Hz (default: half the sample rate), `(n_mels, n_frames)`.

        Examples
        --------
        >>> analysis = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
        >>> analysis.mel(40).shape
        (40, 63)
        """
        bands = np.empty((n_mels, self.power.shape[1]), np.float32)
        for rows, bins, filters in _mel_filters(self.sample_rate, self.n_fft, n_mels, fmax):
            np.matmul(filters, self.power[bins], out=bands[rows])
        return bands

    def mfcc(self, n_mfcc: int) -> Array:
        """Mel-frequency cepstral coefficients of 128 mel bands in decibel, `(n_mfcc, n_frames)`.

        Examples
        --------
        >>> analysis = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
        >>> analysis.mfcc(13).shape
        (13, 63)
        """
        return self.once(f"mfcc_{n_mfcc}", lambda: _cosines(n_mfcc) @ decibels(self.mel(N_MELS_OF_MFCC)))

    def once(self, name: str, compute: Callable[[], Array]) -> Array:
        """Result of `compute`, kept under `name` for the next descriptor that needs it.

        Examples
        --------
        >>> analysis = Analysis(np.ones(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
        >>> peak = analysis.once("peak", lambda: analysis.waveform.max(keepdims=True))
        >>> analysis.once("peak", lambda: np.zeros(1, np.float32)).tolist()  # the first result is kept
        [1.0]
        """
        if name not in self._computed:
            self._computed[name] = compute()
        return self._computed[name]


@cache
def _window(n_fft: int, precision: Precision) -> Rows:
    """Periodic Hann window."""
    return hann(n_fft).astype(precision)


@cache
def _mel_filters(
    sample_rate: int, n_fft: int, n_mels: int, fmax: float | None
) -> tuple[tuple[slice, slice, Array], ...]:
    """Bands, the bins that they cover, and their filters in these bins, for `N_BANDS` bands at a time."""
    filters = mel_filters(sample_rate, n_fft, n_mels, fmax)
    blocks = []
    for first in range(0, n_mels, N_BANDS):
        rows = slice(first, first + N_BANDS)
        covered = np.flatnonzero(filters[rows].any(axis=0))
        bins = slice(covered.min(initial=n_fft), covered.max(initial=0) + 1)  # empty for bands narrower than a bin
        blocks.append((rows, bins, np.ascontiguousarray(filters[rows, bins])))
    return tuple(blocks)


@cache
def _cosines(n_mfcc: int) -> Array:
    """First rows of the orthonormal discrete cosine transform, `(n_mfcc, 128)`."""
    import scipy.fft  # an extra, which mel bands do not need

    return scipy.fft.dct(np.eye(N_MELS_OF_MFCC), axis=0, norm="ortho")[:n_mfcc].astype(np.float32)


@cache
def _keep_freed_memory() -> None:
    """Make the allocator keep freed memory for the next utterance, once in a process.

    glibc returns freed memory to the system and requests it again page by page, which takes a third of the time of an
    utterance. It keeps twice the size of the largest block that was ever freed. Therefore this function allocates a
    large block and frees it.
    """
    np.empty(KEPT, np.uint8)
