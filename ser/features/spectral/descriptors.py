"""Frame-wise descriptors of a waveform, all from one short-time Fourier transform.

Values are librosa 0.11's, as when each of its functions is called on the waveform with its defaults.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import librosa
import numpy as np

from ser.features.spectral import constant_q
from ser.features.spectral import peaks as pitches
from ser.features.spectral.analysis import Analysis, Array, Precision, Rows

DELTA_WIDTH = 9  # frames; librosa's default
MIN_ENERGY = 1e-20  # of a frame: far below what any recording holds, so that only digital silence meets it
N_CHROMA = 12
ROLLOFF = 0.85  # of the magnitude; librosa's default
SILENCE = np.float32(1e-10)  # a sample nearer to 0 than this has no sign; librosa's default
CONTRAST_EDGES = (0.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0)  # Hz; the last band is open; librosa's defaults
CONTRAST_QUANTILE = 0.02  # of a band's bins; librosa's default


def mfcc(analysis: Analysis, *, n_mfcc: int) -> Array:
    """`librosa.feature.mfcc`."""
    return analysis.mfcc(n_mfcc)


def delta_mfcc(analysis: Analysis, *, n_mfcc: int, order: int = 1) -> Array:
    """`librosa.feature.delta` of the MFCC; below 9 frames, where librosa fails, the edge frames are repeated."""
    values = analysis.mfcc(n_mfcc)
    if values.shape[1] < DELTA_WIDTH:
        return librosa.feature.delta(values, width=DELTA_WIDTH, order=order, mode="nearest")
    weights, half = _delta_weights(order), DELTA_WIDTH // 2
    inner = np.lib.stride_tricks.sliding_window_view(values, DELTA_WIDTH, axis=1) @ weights[:, half]
    begin, end = values[:, :DELTA_WIDTH] @ weights[:, :half], values[:, -DELTA_WIDTH:] @ weights[:, half + 1 :]
    return np.concatenate([begin, inner, end], axis=1)


def delta2_mfcc(analysis: Analysis, *, n_mfcc: int) -> Array:
    """Second-order `librosa.feature.delta` of the MFCC."""
    return delta_mfcc(analysis, n_mfcc=n_mfcc, order=2)


def chroma(analysis: Analysis) -> Array:
    """`librosa.feature.chroma_stft`, 12 pitch classes."""
    return analysis.once("chroma", lambda: _chroma(analysis))


def _chroma(analysis: Analysis) -> Array:
    tuning = pitches.tuning(analysis.power, sample_rate=analysis.sample_rate, bins_per_octave=N_CHROMA)
    energy = _chroma_filters(analysis.sample_rate, analysis.n_fft, tuning) @ analysis.power
    return librosa.util.normalize(energy, norm=np.inf, axis=0)


def mel(analysis: Analysis, *, n_mels: int) -> Array:
    """`librosa.feature.melspectrogram`, power."""
    return analysis.mel(n_mels)


def spectral_contrast(analysis: Analysis) -> Rows:
    """`librosa.feature.spectral_contrast`, 7 bands, decibel."""
    bands = _contrast_bands(analysis.sample_rate, analysis.n_fft)
    shape = len(bands), analysis.magnitude.shape[1]
    valley, peak = np.empty(shape), np.empty(shape)
    for k, (bins, n_extreme) in enumerate(bands):
        levels = np.sort(analysis.magnitude[bins], axis=0)
        valley[k] = levels[:n_extreme].mean(axis=0)
        peak[k] = levels[-n_extreme:].mean(axis=0)
    contrast: Rows = librosa.power_to_db(peak) - librosa.power_to_db(valley)
    return contrast


def tonnetz(analysis: Analysis) -> Rows:
    """`librosa.feature.tonnetz` of the waveform as it stands, 6 rows: of the chroma of a constant-Q transform."""
    rate = analysis.sample_rate
    tuning = pitches.tuning(analysis.magnitude, sample_rate=rate, bins_per_octave=constant_q.N_BINS)
    tuned = constant_q.chroma(analysis.waveform, sample_rate=rate, hop_length=analysis.hop_length, tuning=tuning)
    return librosa.feature.tonnetz(chroma=tuned)


def tonnetz_stft(analysis: Analysis) -> Rows:
    """`librosa.feature.tonnetz` of `chroma`, 6 rows; values of its own, for a tenth of the time of `tonnetz`."""
    return librosa.feature.tonnetz(chroma=chroma(analysis))


def spectral_centroid(analysis: Analysis) -> Rows:
    """`librosa.feature.spectral_centroid`, Hz."""
    return analysis.moments[:1]


def spectral_bandwidth(analysis: Analysis) -> Rows:
    """`librosa.feature.spectral_bandwidth`, Hz."""
    mean, mean_square = analysis.moments
    bandwidth: Rows = np.sqrt(np.maximum(mean_square - mean**2, 0))[None]  # rounding may leave less than 0 of one line
    return bandwidth


def spectral_rolloff(analysis: Analysis) -> Rows:
    """`librosa.feature.spectral_rolloff`: Hz below which 85 % of the magnitude lies."""
    sums = np.cumsum(analysis.magnitude, axis=0)
    rolloff: Rows = analysis.frequencies[(sums < ROLLOFF * sums[-1]).sum(axis=0, keepdims=True)]
    return rolloff


def zero_crossing_rate(analysis: Analysis) -> Rows:
    """`librosa.feature.zero_crossing_rate`: share of the samples of a frame at which the sign changes."""
    negative = analysis.waveform < -SILENCE
    n_crossings = np.concatenate([[0], np.cumsum(negative[1:] != negative[:-1])])  # up to each sample
    begin = np.arange(len(analysis.frames)) * analysis.hop_length - analysis.n_fft // 2
    first, last = (np.clip(sample, 0, negative.size - 1) for sample in (begin, begin + analysis.n_fft - 1))
    rate: Rows = (n_crossings[last] - n_crossings[first])[None] / analysis.n_fft
    return rate


def rms(analysis: Analysis) -> Array:
    """`librosa.feature.rms` of the waveform."""
    energy: Array = np.vecdot(analysis.frames, analysis.frames)[None]
    return np.sqrt(energy / analysis.n_fft)


def pitch(analysis: Analysis) -> Rows:
    """Mean of `librosa.piptrack`'s pitches over all bins, most of which are 0: Hz, `(1, n_frames)`."""
    n_bins, n_frames = analysis.magnitude.shape
    frame, frequency, _ = pitches.peaks(analysis.magnitude, sample_rate=analysis.sample_rate)
    mean: Rows = np.bincount(frame, weights=frequency, minlength=n_frames)[None] / n_bins
    return mean


def band_energy_ratio(analysis: Analysis, *, split_frequency: float) -> Array:
    """Energy below over energy above `split_frequency` (Hz), `(1, n_frames)`; 1 in digital silence.

    References
    ----------
    .. [1] Lerch (2012), An Introduction to Audio Content Analysis, section 3.3.
    """
    below = analysis.frequencies < split_frequency
    energy_below = analysis.power[below].sum(axis=0, keepdims=True)
    energy_above = analysis.power[~below].sum(axis=0, keepdims=True)
    ratio: Array = np.maximum(energy_below, MIN_ENERGY) / np.maximum(energy_above, MIN_ENERGY)
    return ratio


@cache
def _delta_weights(order: int) -> Array:
    """Weights of 9 frames (rows) in the delta of each of them: librosa's answer to impulses, as it is linear."""
    impulses = np.eye(DELTA_WIDTH, dtype=np.float32)
    return librosa.feature.delta(impulses, width=DELTA_WIDTH, order=order)


@cache
def _chroma_filters(sample_rate: int, n_fft: int, tuning: float) -> Array:
    """`librosa.filters.chroma`, `(12, 1 + n_fft / 2)`; `tuning` is one of 101 values."""
    return librosa.filters.chroma(sr=sample_rate, n_fft=n_fft, tuning=tuning, n_chroma=N_CHROMA)


@cache
def _contrast_bands(sample_rate: int, n_fft: int) -> tuple[tuple[slice, int], ...]:
    """Bins of each band of the spectral contrast, and how many of them make its peak, and as many its valley.

    As in librosa, a band begins one bin below its edge, and all but the last end one bin early.

    Raises
    ------
    ValueError
        If a band would begin above half the sample rate.
    """
    if 2 * CONTRAST_EDGES[-1] >= sample_rate:
        raise ValueError(f"no spectral contrast at {sample_rate} Hz; choose more than {2 * CONTRAST_EDGES[-1]:g} Hz")
    frequencies = librosa.fft_frequencies(sr=sample_rate, n_fft=n_fft)
    bands = []
    for low, high in pairwise([*CONTRAST_EDGES, np.inf]):
        begin = max(int(np.searchsorted(frequencies, low)) - 1, 0)
        end = int(np.searchsorted(frequencies, high, side="right"))
        n_extreme = max(round(CONTRAST_QUANTILE * (end - begin)), 1)
        bands.append((slice(begin, end if high == np.inf else end - 1), n_extreme))
    return tuple(bands)


Descriptor = Callable[..., Rows]

DESCRIPTORS: Mapping[str, tuple[str, Descriptor]] = {  # name in conf/ -> name in columns, function
    "mfcc": ("MFCC", mfcc),
    "delta_mfcc": ("Delta_MFCC", delta_mfcc),
    "delta2_mfcc": ("Delta2_MFCC", delta2_mfcc),
    "chroma": ("Chroma", chroma),
    "mel": ("Mel", mel),
    "spectral_contrast": ("Spectral_Contrast", spectral_contrast),
    "tonnetz": ("Tonnetz", tonnetz),
    "tonnetz_stft": ("Tonnetz_STFT", tonnetz_stft),
    "spectral_centroid": ("Spectral_Centroid", spectral_centroid),
    "spectral_bandwidth": ("Spectral_Bandwidth", spectral_bandwidth),
    "spectral_rolloff": ("Spectral_Rolloff", spectral_rolloff),
    "zero_crossing_rate": ("Zero_Crossing_Rate", zero_crossing_rate),
    "rms": ("RMS", rms),
    "pitch": ("Pitch", pitch),
    "band_energy_ratio": ("Band_Energy_Ratio", band_energy_ratio),
}

SMOOTH = frozenset(
    ["mfcc", "delta_mfcc", "delta2_mfcc", "mel", "rms", "zero_crossing_rate", "spectral_centroid", "spectral_bandwidth"]
)
"""Descriptors in which rounding stays small; the others choose, or divide by what may be next to nothing."""


def precision(names: Iterable[str]) -> Precision:
    """Precision of the transform that the descriptors `names` need."""
    return "single" if SMOOTH.issuperset(names) else "double"


def described(analysis: Analysis, name: str, **settings: Any) -> tuple[str, Rows]:
    """Column name and values, `(n_rows, n_frames)`, of the descriptor `name`.

    Raises
    ------
    ValueError
        If there is no such descriptor.
    """
    if name not in DESCRIPTORS:
        raise ValueError(f"unknown descriptor {name!r} in conf/librosa; known are {', '.join(DESCRIPTORS)}")
    title, function = DESCRIPTORS[name]
    return title, function(analysis, **settings)
