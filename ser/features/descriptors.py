"""Frame-wise descriptors of a waveform, all from one short-time Fourier transform.

Values are librosa 0.11's, as when each of its functions is called on the waveform with its defaults.
"""

import warnings
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import librosa
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

DELTA_WIDTH = 9  # frames; librosa's default
MIN_ENERGY = 1e-20  # of a frame: far below what any recording holds, so that only digital silence meets it


class Analysis:
    """One waveform and the transforms that its descriptors share, each computed once, when first asked for.

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

    @cached_property
    def magnitude(self) -> Array:
        """`(1 + n_fft / 2, n_frames)`."""
        with warnings.catch_warnings():
            # Shorter than a frame: librosa pads with zeros, which is what is wanted.
            warnings.filterwarnings("ignore", message="n_fft=.* is too large", category=UserWarning)
            spectrum = librosa.stft(self.waveform, n_fft=self.n_fft, hop_length=self.hop_length)
        magnitude: Array = np.abs(spectrum)
        return magnitude

    @cached_property
    def power(self) -> Array:
        """Squared magnitude."""
        return self.magnitude**2

    @cached_property
    def frequencies(self) -> npt.NDArray[np.float64]:
        """Hz of each row of `magnitude`."""
        return librosa.fft_frequencies(sr=self.sample_rate, n_fft=self.n_fft)

    def mfcc(self, n_mfcc: int) -> Array:
        """Mel-frequency cepstral coefficients of 128 mel bands in decibel, `(n_mfcc, n_frames)`."""
        if n_mfcc not in self._mfcc:
            mel = librosa.feature.melspectrogram(S=self.power, sr=self.sample_rate)
            self._mfcc[n_mfcc] = librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=n_mfcc)
        return self._mfcc[n_mfcc]


def mfcc(analysis: Analysis, *, n_mfcc: int) -> Array:
    """`librosa.feature.mfcc`."""
    return analysis.mfcc(n_mfcc)


def delta_mfcc(analysis: Analysis, *, n_mfcc: int, order: int = 1) -> Array:
    """`librosa.feature.delta` of the MFCC; below 9 frames, where librosa fails, the edge frames are repeated."""
    values = analysis.mfcc(n_mfcc)
    mode = "interp" if values.shape[1] >= DELTA_WIDTH else "nearest"
    return librosa.feature.delta(values, width=DELTA_WIDTH, order=order, mode=mode)


def delta2_mfcc(analysis: Analysis, *, n_mfcc: int) -> Array:
    """Second-order `librosa.feature.delta` of the MFCC."""
    return delta_mfcc(analysis, n_mfcc=n_mfcc, order=2)


def chroma(analysis: Analysis) -> Array:
    """`librosa.feature.chroma_stft`, 12 pitch classes."""
    return librosa.feature.chroma_stft(S=analysis.power, sr=analysis.sample_rate)


def mel(analysis: Analysis, *, n_mels: int) -> Array:
    """`librosa.feature.melspectrogram`, power."""
    return librosa.feature.melspectrogram(S=analysis.power, sr=analysis.sample_rate, n_mels=n_mels)


def spectral_contrast(analysis: Analysis) -> Array:
    """`librosa.feature.spectral_contrast`, 7 bands, decibel."""
    return librosa.feature.spectral_contrast(S=analysis.magnitude, sr=analysis.sample_rate)


def tonnetz(analysis: Analysis) -> Array:
    """`librosa.feature.tonnetz` of the waveform as it stands, 6 rows; its constant-Q transform is its own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_fft=.* is too large", category=UserWarning)
        tuning = librosa.estimate_tuning(S=analysis.magnitude, sr=analysis.sample_rate, bins_per_octave=36)
        chroma_cqt = librosa.feature.chroma_cqt(
            y=analysis.waveform, sr=analysis.sample_rate, hop_length=analysis.hop_length, tuning=tuning
        )
        return librosa.feature.tonnetz(chroma=chroma_cqt)


def spectral_centroid(analysis: Analysis) -> Array:
    """`librosa.feature.spectral_centroid`, Hz."""
    return librosa.feature.spectral_centroid(S=analysis.magnitude, sr=analysis.sample_rate)


def spectral_bandwidth(analysis: Analysis) -> Array:
    """`librosa.feature.spectral_bandwidth`, Hz."""
    return librosa.feature.spectral_bandwidth(S=analysis.magnitude, sr=analysis.sample_rate)


def spectral_rolloff(analysis: Analysis) -> Array:
    """`librosa.feature.spectral_rolloff`: Hz below which 85 % of the magnitude lies."""
    return librosa.feature.spectral_rolloff(S=analysis.magnitude, sr=analysis.sample_rate)


def zero_crossing_rate(analysis: Analysis) -> Array:
    """`librosa.feature.zero_crossing_rate`: share of the samples of a frame at which the sign changes."""
    return librosa.feature.zero_crossing_rate(
        analysis.waveform, frame_length=analysis.n_fft, hop_length=analysis.hop_length
    )


def rms(analysis: Analysis) -> Array:
    """`librosa.feature.rms` of the waveform."""
    return librosa.feature.rms(y=analysis.waveform, frame_length=analysis.n_fft, hop_length=analysis.hop_length)


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


Descriptor = Callable[..., Array]

DESCRIPTORS: Mapping[str, tuple[str, Descriptor]] = {  # name in conf/ -> name in columns, function
    "mfcc": ("MFCC", mfcc),
    "delta_mfcc": ("Delta_MFCC", delta_mfcc),
    "delta2_mfcc": ("Delta2_MFCC", delta2_mfcc),
    "chroma": ("Chroma", chroma),
    "mel": ("Mel", mel),
    "spectral_contrast": ("Spectral_Contrast", spectral_contrast),
    "tonnetz": ("Tonnetz", tonnetz),
    "spectral_centroid": ("Spectral_Centroid", spectral_centroid),
    "spectral_bandwidth": ("Spectral_Bandwidth", spectral_bandwidth),
    "spectral_rolloff": ("Spectral_Rolloff", spectral_rolloff),
    "zero_crossing_rate": ("Zero_Crossing_Rate", zero_crossing_rate),
    "rms": ("RMS", rms),
    "band_energy_ratio": ("Band_Energy_Ratio", band_energy_ratio),
}


def described(analysis: Analysis, name: str, **settings: Any) -> tuple[str, Array]:
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
