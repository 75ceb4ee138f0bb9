"""Variants of a waveform, by which a classifier hears more voices than were recorded; they only ever train.

The draw of a variant depends on the seed, the utterance and the variant's name alone: not on which other variants there
are, nor on the order, partition or process in which it is made. Amplitudes may exceed full scale, and are not clipped.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import librosa
import numpy as np

from ser.audio.waveforms import Waveform
from ser.core.row_keys import ORIGINAL

N_FFT = 2048  # samples, of the phase vocoder; librosa's default


def augmented(
    waveform: Waveform,
    sample_rate: int,
    *,
    utterance: str,
    name: str,
    seed: int,
    variants: Mapping[str, Mapping[str, float]],
) -> dict[str, Waveform]:
    """Waveform of each variant by its name: first the original, as it is, then `variants` in their order.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`.
    sample_rate
        Hz.
    utterance
        Its id, which names the draws.
    name
        Of the setting.
    variants
        Name to settings: `pitch_shift`, `time_stretch`, `noise`, `time_shift`.

    Raises
    ------
    ValueError
        If there is no such variant.
    """
    _, *made = variant_names(name=name, seed=seed, variants=variants)
    return {
        ORIGINAL: waveform,
        **{
            variant: VARIANTS[variant](waveform, sample_rate, generator(seed, utterance, variant), **variants[variant])
            for variant in made
        },
    }


def variant_names(*, name: str, seed: int, variants: Mapping[str, Any]) -> list[str]:
    """Names of what `augmented` gives with these settings, in its order.

    Raises
    ------
    ValueError
        If there is no such variant.
    """
    if unknown := [variant for variant in variants if variant not in VARIANTS]:
        raise ValueError(
            f"unknown variant {unknown[0]!r} in augmentation.variants; it is one of {', '.join(VARIANTS)}: correct it"
            " in conf/augmentation, or leave it out"
        )
    return [ORIGINAL, *variants]


def generator(seed: int, utterance: str, variant: str) -> np.random.Generator:
    """Source of the random numbers of one variant of one utterance, the same in every process and on every machine."""
    # not hash(), which differs between processes
    digest = hashlib.blake2b(f"{seed}\0{utterance}\0{variant}".encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def pitch_shift(waveform: Waveform, sample_rate: int, random: np.random.Generator, *, max_semitones: float) -> Waveform:
    """Raise or lower all frequencies by up to `max_semitones`, `(n_samples,)`; the tempo stays."""
    n_steps = random.uniform(-max_semitones, max_semitones)
    shifted = librosa.effects.pitch_shift(_long_enough(waveform), sr=sample_rate, n_steps=n_steps, n_fft=N_FFT)
    return np.asarray(shifted[: waveform.size], np.float32)


def time_stretch(
    waveform: Waveform, sample_rate: int, random: np.random.Generator, *, min_rate: float, max_rate: float
) -> Waveform:
    """Speak `min_rate` to `max_rate` times as fast, `(n_samples / rate,)`; the pitch stays."""
    rate = random.uniform(min_rate, max_rate)
    stretched = librosa.effects.time_stretch(_long_enough(waveform), rate=rate, n_fft=N_FFT)
    return np.asarray(stretched[: round(waveform.size / rate)], np.float32)


def _long_enough(waveform: Waveform) -> Waveform:
    """A waveform shorter than an analysis frame, padded with zeros to one, as the transform would with a warning."""
    return np.pad(waveform, (0, max(0, N_FFT - waveform.size)))


def noise(waveform: Waveform, sample_rate: int, random: np.random.Generator, *, sigma: float) -> Waveform:
    """Add white Gaussian noise of standard deviation `sigma` (full scale is 1), `(n_samples,)`."""
    return (waveform + random.normal(0, sigma, waveform.size)).astype(np.float32)


def time_shift(waveform: Waveform, sample_rate: int, random: np.random.Generator, *, max_shift: float) -> Waveform:
    """Begin up to `max_shift` seconds later (positive) or earlier, `(n_samples,)`.

    Zeros come in, and what passes the end is lost: nothing wraps around, as the end of a word does not come before its
    beginning. No utterance is moved by more than half its length, so that none is shifted away as a whole.
    """
    limit = min(max_shift, waveform.size / sample_rate / 2)
    n_samples = round(random.uniform(-limit, limit) * sample_rate)
    margin = abs(n_samples)
    start = margin - n_samples
    return np.pad(waveform, margin)[start : start + waveform.size]


VARIANTS: Mapping[str, Callable[..., Waveform]] = {
    "pitch_shift": pitch_shift,
    "time_stretch": time_stretch,
    "noise": noise,
    "time_shift": time_shift,
}
