"""Chroma of a constant-Q transform: `librosa.feature.chroma_cqt`, with filters that are made once for each tuning.

librosa makes the filters of every octave at each call, which takes nine tenths of its time. But it halves the sample
rate from octave to octave, so that the same filters fit all octaves. The waveforms of the octaves are those of librosa
to the last bit. This includes the noise of the resampler, which determines the chroma of silence. The chroma differ by
rounding only: this transform is in single precision, which takes less than half the time.
"""

import warnings
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import librosa
import numpy as np
import numpy.typing as npt
import scipy.fft

from ser.audio import waveforms
from ser.features.spectral.analysis import Array

N_OCTAVES, N_BINS = 7, 36  # of the transform, and of an octave; librosa's defaults
N_CHROMA = 12
SPARSITY = 0.01  # share of the magnitudes of a filter that is set to 0; librosa's default
MAX_OVERSAMPLING = 4  # half the sample rate, divided by the highest frequency; above it, librosa resamples first


class Filters(NamedTuple):
    """Filters of an octave, in the frequency domain.

    Examples
    --------
    >>> filters = _filters(22_050, 0.0)
    >>> strongest = filters.bins.start + int(np.abs(filters.response[:, 0]).argmax())
    >>> round(strongest * 22_050 / filters.n_fft)  # Hz; the note C7 has 2093
    2089
    """

    n_fft: int
    bins: slice
    """Bins of the Fourier transform that any filter covers."""
    response: npt.NDArray[np.complex64]
    """`(n_bins, 36)`."""


def chroma(waveform: Array, *, sample_rate: int, hop_length: int, tuning: float) -> Array:
    """Energy of the 12 pitch classes from C1 to B7, relative to the strongest one, `(12, n_frames)`.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`.
    sample_rate
        Hz.
    hop_length
        Samples.
    tuning
        Deviation from A 440 Hz, in fractions of a bin, of which an octave has 36.

    References
    ----------
    .. [1] Schörkhuber and Klapuri (2010), Constant-Q transform toolbox for music processing, Sound and Music Computing
       Conference, Barcelona.

    Examples
    --------
    >>> tone = librosa.tone(440, sr=22_050, duration=0.5).astype(np.float32)
    >>> energy = chroma(tone, sample_rate=22_050, hop_length=512, tuning=0.0)
    >>> energy.shape, int(energy.mean(axis=1).argmax())  # 440 Hz is A, nine semitones above C
    ((12, 22), 9)
    """
    if hop_length % 2 ** (N_OCTAVES - 1) or not _is_usual(sample_rate, tuning):
        return _librosas(waveform, sample_rate=sample_rate, hop_length=hop_length, tuning=tuning)
    filters = _filters(sample_rate, tuning)
    n_frames = 1 + waveform.size // hop_length
    magnitude = np.zeros((n_frames, N_BINS), np.float32)
    for octave, halved in enumerate(_halved(waveform)):
        padded = np.pad(halved, filters.n_fft // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, filters.n_fft)[:: hop_length // 2**octave]
        spectrum = scipy.fft.rfft(frames[:n_frames], axis=1)
        magnitude += np.abs(spectrum[:, filters.bins] @ filters.response)
    return librosa.util.normalize(_pitch_classes() @ magnitude.T, norm=np.inf, axis=0)


def _librosas(waveform: Array, *, sample_rate: int, hop_length: int, tuning: float) -> Array:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_fft=.* is too large", category=UserWarning)
        return librosa.feature.chroma_cqt(y=waveform, sr=sample_rate, hop_length=hop_length, tuning=tuning)


def _halved(waveform: Array) -> Iterator[Array]:
    """Waveform for each octave from the highest, each with half the previous sample rate and equal energy."""
    yield waveform
    for _ in range(N_OCTAVES - 1):
        waveform = waveforms.resampled(waveform, sample_rate=2, target=1)
        waveform /= np.sqrt(0.5)
        yield waveform


@cache
def _is_usual(sample_rate: int, tuning: float) -> bool:
    """True if librosa uses `sample_rate` as it is: it refuses lower rates, and resamples from higher ones."""
    _, highest = librosa.filters.wavelet_lengths(freqs=_frequencies(tuning), sr=sample_rate)
    return bool(highest <= sample_rate / 2 <= MAX_OVERSAMPLING * highest)


def _frequencies(tuning: float) -> npt.NDArray[np.float64]:
    """Frequencies of the bins of the highest octave in Hz."""
    lowest = librosa.note_to_hz("C1") * 2.0 ** (tuning / N_BINS)
    return librosa.cqt_frequencies(N_OCTAVES * N_BINS, fmin=lowest, bins_per_octave=N_BINS)[-N_BINS:]


@cache
def _filters(sample_rate: int, tuning: float) -> Filters:
    """Filters of the highest octave; `tuning` is one of 101 values."""
    filters, lengths = librosa.filters.wavelet(freqs=_frequencies(tuning), sr=sample_rate)
    n_fft = filters.shape[1]
    filters *= lengths[:, np.newaxis] / n_fft
    spectra = scipy.fft.fft(filters, axis=1)[:, : 1 + n_fft // 2]
    dense = librosa.util.sparsify_rows(spectra, quantile=SPARSITY, dtype=np.complex64).toarray()
    covered = np.flatnonzero(dense.any(axis=0))
    bins = slice(covered[0], covered[-1] + 1)
    response = (dense[:, bins] / np.sqrt(lengths)[:, np.newaxis]).T
    return Filters(n_fft, bins, np.ascontiguousarray(response, np.complex64))


@cache
def _pitch_classes() -> Array:
    """Share of each bin of an octave in each pitch class, `(12, 36)`."""
    return librosa.filters.cq_to_chroma(N_BINS, bins_per_octave=N_BINS, n_chroma=N_CHROMA)
