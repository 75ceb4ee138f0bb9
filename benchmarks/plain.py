"""The plain way: `librosa.load`, then one call of librosa a feature; one call of YAMNet a file.

The benchmarks compare times with it, and the tests compare values. Names of features are those of our columns. Do not
optimise it.
"""

import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import numpy.typing as npt

HANDLE = "https://tfhub.dev/google/yamnet/1"

Array = npt.NDArray[np.floating[Any]]
Features = dict[str, float]


def means_42(path: Path) -> Features:
    """Time means of system A (docs/systems.md)."""
    y, sr = librosa.load(path, sr=16000)
    return mfcc_means(y, sr) | {
        "Spectral_Centroid": librosa.feature.spectral_centroid(y=y, sr=sr).mean(),
        "Spectral_Bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=sr).mean(),
        "Zero_Crossing_Rate": librosa.feature.zero_crossing_rate(y).mean(),
    }


def functionals_120(path: Path) -> Features:
    """Means and standard deviations of system E (docs/systems.md)."""
    y, sr = librosa.load(path, sr=22050)
    both = {
        "MFCC": librosa.feature.mfcc(y=y, sr=sr, n_mfcc=13),
        "Chroma": librosa.feature.chroma_stft(y=y, sr=sr),
        "Mel": librosa.feature.melspectrogram(y=y, sr=sr, n_mels=20),
        "Spectral_Contrast": librosa.feature.spectral_contrast(y=y, sr=sr),
        "Tonnetz": librosa.feature.tonnetz(y=y, sr=sr),
    }
    return means_and_deviations(both) | {
        "Spectral_Centroid": librosa.feature.spectral_centroid(y=y, sr=sr).mean(),
        "Spectral_Rolloff": librosa.feature.spectral_rolloff(y=y, sr=sr).mean(),
        "Zero_Crossing_Rate": librosa.feature.zero_crossing_rate(y).mean(),
        "RMS": librosa.feature.rms(y=y).mean(),
    }


def energy_set(path: Path) -> Features:
    """Energy and spectral shape of system D (docs/systems.md)."""
    y, sr = librosa.load(path, sr=22050)
    power = np.abs(librosa.stft(y)) ** 2
    split = int(np.searchsorted(librosa.fft_frequencies(sr=sr), 2000.0))
    both = {
        "RMS": librosa.feature.rms(y=y),
        "Zero_Crossing_Rate": librosa.feature.zero_crossing_rate(y),
        "Band_Energy_Ratio": quotient(
            power[:split].sum(axis=0, keepdims=True), power[split:].sum(axis=0, keepdims=True)
        ),
        "Spectral_Centroid": librosa.feature.spectral_centroid(y=y, sr=sr),
        "Spectral_Bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=sr),
        "MFCC": librosa.feature.mfcc(y=y, sr=sr, n_mfcc=13),
    }
    return means_and_deviations(both)


def mfcc_chroma(path: Path) -> Features:
    """Features of the plain classifier of system B (docs/systems.md)."""
    y, sr = librosa.load(path, sr=16000)
    return mfcc_means(y, sr) | numbered("Chroma", librosa.feature.chroma_stft(y=y, sr=sr).mean(axis=1))


def mfcc_means(y: Array, sr: float) -> Features:
    mfcc = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=13)
    return (
        numbered("MFCC", mfcc.mean(axis=1))
        | numbered("Delta_MFCC", librosa.feature.delta(mfcc).mean(axis=1))
        | numbered("Delta2_MFCC", librosa.feature.delta(mfcc, order=2).mean(axis=1))
    )


def means_and_deviations(descriptors: Mapping[str, Array]) -> Features:
    features: Features = {}
    for title, values in descriptors.items():
        features |= numbered(title, values.mean(axis=1)) | numbered(title, values.std(axis=1), "_Std")
    return features


def numbered(title: str, values: Array, suffix: str = "") -> Features:
    """Names of columns; a descriptor with one row has no number."""
    numbers = [""] if len(values) == 1 else [f"_{k}" for k in range(1, len(values) + 1)]
    return {f"{title}{number}{suffix}": float(value) for number, value in zip(numbers, values, strict=True)}


def quotient(below: Array, above: Array) -> Array:
    """Ratio of the energies; 0 / 0, as in digital silence, is 1."""
    return np.divide(below, above, out=np.ones_like(below), where=above > 0)


def log_mel(path: Path) -> Array:
    """Mel spectrogram of system B (docs/systems.md), `(64, 94)`."""
    y, sr = librosa.load(path, sr=16000)
    power = librosa.feature.melspectrogram(y=librosa.util.fix_length(y, size=48000), sr=sr, n_mels=64, fmax=8000)
    level = librosa.power_to_db(power, ref=np.max)
    scaled: Array = (level - level.min()) / (level.max() - level.min())
    return scaled


def frames(path: Path) -> Array:
    """Descriptors of system C (docs/systems.md), `(130, 62)`."""
    y, sr = librosa.load(path, sr=22050, duration=4.0)
    mfcc = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=13)
    rows = [
        *(mfcc, librosa.feature.delta(mfcc), librosa.feature.delta(mfcc, order=2)),
        *(librosa.feature.chroma_stft(y=y, sr=sr), librosa.feature.spectral_contrast(y=y, sr=sr)),
        *(librosa.feature.zero_crossing_rate(y), librosa.feature.spectral_bandwidth(y=y, sr=sr)),
        *(librosa.piptrack(y=y, sr=sr)[0].mean(axis=0, keepdims=True), librosa.feature.rms(y=y)),
    ]
    fixed: Array = librosa.util.fix_length(np.concatenate(rows), size=130, axis=1)
    return fixed.T


def yamnet(path: Path) -> Array:
    """Embedding of system A (docs/systems.md): first 10 s, mean over the patches, `(1024,)`."""
    y, _ = librosa.load(path, sr=16000, duration=10.0)
    _, embeddings, _ = network()(np.clip(y, -1, 1))
    mean: Array = np.asarray(embeddings).mean(axis=0)
    return mean


@cache
def network() -> Any:
    """YAMNet, from TensorFlow Hub or its cache (`TFHUB_CACHE_DIR`)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tensorflow_hub 0.16.1 imports pkg_resources, which warns
        import tensorflow_hub

        return tensorflow_hub.load(HANDLE)
