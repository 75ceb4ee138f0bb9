"""The systems' own way: `librosa.load`, then one librosa call per feature; and the names of our columns."""

import librosa
import numpy as np


def means_42(path):
    y, sr = librosa.load(path, sr=16000)
    return mfcc_means(y, sr) | {
        "Spectral_Centroid": librosa.feature.spectral_centroid(y=y, sr=sr).mean(),
        "Spectral_Bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=sr).mean(),
        "Zero_Crossing_Rate": librosa.feature.zero_crossing_rate(y).mean(),
    }


def functionals_120(path):
    y, sr = librosa.load(path, sr=22050)
    both = {
        "MFCC": librosa.feature.mfcc(y=y, sr=sr, n_mfcc=13),
        "Chroma": librosa.feature.chroma_stft(y=y, sr=sr),
        "Mel": librosa.feature.melspectrogram(y=y, sr=sr, n_mels=20),
        "Spectral_Contrast": librosa.feature.spectral_contrast(y=y, sr=sr),
        "Tonnetz": librosa.feature.tonnetz(y=y, sr=sr),
    }
    features = {}
    for title, values in both.items():
        features |= numbered(title, values.mean(axis=1)) | numbered(title, values.std(axis=1), "_Std")
    return features | {
        "Spectral_Centroid": librosa.feature.spectral_centroid(y=y, sr=sr).mean(),
        "Spectral_Rolloff": librosa.feature.spectral_rolloff(y=y, sr=sr).mean(),
        "Zero_Crossing_Rate": librosa.feature.zero_crossing_rate(y).mean(),
        "RMS": librosa.feature.rms(y=y).mean(),
    }


def energy_set(path):
    y, sr = librosa.load(path, sr=22050)
    power = np.abs(librosa.stft(y)) ** 2
    split = int(np.searchsorted(librosa.fft_frequencies(sr=sr), 2000.0))
    single = {
        "RMS": librosa.feature.rms(y=y),
        "Zero_Crossing_Rate": librosa.feature.zero_crossing_rate(y),
        "Band_Energy_Ratio": quotient(
            power[:split].sum(axis=0, keepdims=True), power[split:].sum(axis=0, keepdims=True)
        ),
        "Spectral_Centroid": librosa.feature.spectral_centroid(y=y, sr=sr),
        "Spectral_Bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=sr),
    }
    features = {}
    for title, values in single.items():
        features |= {title: values.mean(), f"{title}_Std": values.std()}
    mfcc = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=13)
    return features | numbered("MFCC", mfcc.mean(axis=1)) | numbered("MFCC", mfcc.std(axis=1), "_Std")


def mfcc_chroma(path):
    y, sr = librosa.load(path, sr=16000)
    return mfcc_means(y, sr) | numbered("Chroma", librosa.feature.chroma_stft(y=y, sr=sr).mean(axis=1))


def mfcc_means(y, sr):
    mfcc = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=13)
    return (
        numbered("MFCC", mfcc.mean(axis=1))
        | numbered("Delta_MFCC", librosa.feature.delta(mfcc).mean(axis=1))
        | numbered("Delta2_MFCC", librosa.feature.delta(mfcc, order=2).mean(axis=1))
    )


def quotient(below, above):
    """0 / 0, which digital silence gives, is taken as 1."""
    return np.divide(below, above, out=np.ones_like(below), where=above > 0)


def numbered(title, values, suffix=""):
    return {f"{title}_{k}{suffix}": float(value) for k, value in enumerate(values, start=1)}


def log_mel(path):
    """System B's spectrogram, `(64, 94)`."""
    y, sr = librosa.load(path, sr=16000)
    power = librosa.feature.melspectrogram(y=librosa.util.fix_length(y, size=3 * sr), sr=sr, n_mels=64, fmax=8000)
    level = librosa.power_to_db(power, ref=np.max)
    return (level - level.min()) / (level.max() - level.min())


def frames(path):
    """System C's descriptors, `(130, 62)`."""
    y, sr = librosa.load(path, sr=22050, duration=4.0)
    mfcc = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=13)
    rows = [
        *(mfcc, librosa.feature.delta(mfcc), librosa.feature.delta(mfcc, order=2)),
        *(librosa.feature.chroma_stft(y=y, sr=sr), librosa.feature.spectral_contrast(y=y, sr=sr)),
        *(librosa.feature.zero_crossing_rate(y), librosa.feature.spectral_bandwidth(y=y, sr=sr)),
        *(librosa.piptrack(y=y, sr=sr)[0].mean(axis=0, keepdims=True), librosa.feature.rms(y=y)),
    ]
    return librosa.util.fix_length(np.concatenate(rows), size=130, axis=1).T
