"""One short-time Fourier transform of a waveform, and what its descriptors share.

Values are librosa 0.11's. The transform is in double precision like librosa's, so that magnitudes are bit-identical. In
single precision, chroma, spectral contrast and pitch of some frames of RAVDESS are 0.5 to 2 standard deviations off:
which of two equally good tunings wins, or what is a peak, hangs on the last bits.
"""

from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from ser.features.scales import decibels, hann, mel_filters

Array = npt.NDArray[np.float32]
Rows = npt.NDArray[np.floating[Any]]

N_MELS_OF_MFCC = 128  # librosa's default
KEPT = 2**24  # bytes; several times what an utterance needs, and below glibc's limit of 2**25


class Analysis:
    """One waveform and the transforms that its descriptors share, each computed once, when first asked for.

    Two-dimensional arrays lie frame by frame in memory, as `librosa.stft` gives them.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`.
    sample_rate
        Hz.
    n_fft, hop_length
        Samples.
    """

    def __init__(self, waveform: Array, *, sample_rate: int, n_fft: int, hop_length: int) -> None:
        self.waveform = waveform
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop_length = hop_length
        self._mfcc: dict[int, Array] = {}
        _keep_freed_memory()

    @cached_property
    def frames(self) -> Array:
        """Samples around each frame's centre, zeros beyond the waveform's ends: a view, `(n_frames, n_fft)`."""
        padded = np.pad(self.waveform, self.n_fft // 2)
        return np.lib.stride_tricks.sliding_window_view(padded, self.n_fft)[:: self.hop_length]

    @cached_property
    def magnitude(self) -> Array:
        """`(1 + n_fft / 2, n_frames)`."""
        spectrum = np.fft.rfft(self.frames * _window(self.n_fft), axis=1)
        magnitude: Array = np.abs(spectrum.astype(np.complex64)).T
        return magnitude

    @cached_property
    def power(self) -> Array:
        """Squared magnitude."""
        return self.magnitude**2

    @cached_property
    def frequencies(self) -> npt.NDArray[np.float64]:
        """Hz of each row of `magnitude`."""
        return np.asarray(np.fft.rfftfreq(self.n_fft, 1 / self.sample_rate), np.float64)

    @cached_property
    def moments(self) -> npt.NDArray[np.float64]:
        """Mean and mean square of the frequency, weighted by magnitude, `(2, n_frames)`; 0 in digital silence.

        In double precision: the variance, their difference, is often much smaller than either.
        """
        powers = np.stack([np.ones_like(self.frequencies), self.frequencies, self.frequencies**2])
        total, *sums = powers @ self.magnitude.astype(np.float64)
        moments: npt.NDArray[np.float64] = np.stack(sums) / np.where(total > 0, total, 1)
        return moments

    def mel(self, n_mels: int, fmax: float | None = None) -> Array:
        """Power in mel bands from 0 to `fmax` Hz, by default half the sample rate, `(n_mels, n_frames)`."""
        bands: Array = _mel_filters(self.sample_rate, self.n_fft, n_mels, fmax) @ self.power
        return bands

    def mfcc(self, n_mfcc: int) -> Array:
        """Mel-frequency cepstral coefficients of 128 mel bands in decibel, `(n_mfcc, n_frames)`."""
        if n_mfcc not in self._mfcc:
            self._mfcc[n_mfcc] = _cosines(n_mfcc) @ decibels(self.mel(N_MELS_OF_MFCC))
        return self._mfcc[n_mfcc]


@cache
def _window(n_fft: int) -> npt.NDArray[np.float64]:
    """Periodic Hann window."""
    return hann(n_fft)


@cache
def _mel_filters(sample_rate: int, n_fft: int, n_mels: int, fmax: float | None) -> Any:
    """`(n_mels, 1 + n_fft / 2)`; sparse, as a bin is in two bands at most."""
    return scipy.sparse.csr_array(mel_filters(sample_rate, n_fft, n_mels, fmax))


@cache
def _cosines(n_mfcc: int) -> Array:
    """First rows of the orthonormal discrete cosine transform, `(n_mfcc, 128)`: the other rows are not needed."""
    import scipy.fft  # of which a mel spectrogram needs nothing

    return scipy.fft.dct(np.eye(N_MELS_OF_MFCC), axis=0, norm="ortho")[:n_mfcc].astype(np.float32)


@cache
def _keep_freed_memory() -> None:
    """Have the allocator keep what an utterance frees for the next one, once in a process.

    glibc hands freed memory back to the system and fetches it anew, page by page, which takes a third of the time of an
    utterance. It keeps twice as much as the largest block that was ever freed; this one is never touched.
    """
    np.empty(KEPT, np.uint8)
