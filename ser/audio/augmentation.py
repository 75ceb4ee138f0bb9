"""Variants of a waveform, which make the training partition larger than the recordings; dev and test have none.

The random draw of a variant depends only on the seed, the utterance and the variant's name, not on the other variants,
nor on the order, partition or process in which it is made. Amplitudes may exceed full scale; they are not clipped.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import librosa
import numpy as np

from ser.audio.conditions import Conditions, other_conditions
from ser.audio.waveforms import Waveform
from ser.core.row_keys import ORIGINAL

N_FFT = 2048  # samples of a frame of the phase vocoder; librosa's default


def augmented(
    waveform: Waveform,
    sample_rate: int,
    *,
    utterance: str,
    name: str,
    seed: int,
    variants: Mapping[str, Mapping[str, float]],
) -> dict[str, Waveform]:
    """Waveform of each variant by its name: first the unchanged original, then `variants` in their order.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`.
    sample_rate
        Hz.
    utterance
        Id of the utterance, which seeds the random draws.
    name
        Name of the file of `conf/augmentation`.
    variants
        Name of each variant (`pitch_shift`, `time_stretch`, `noise`, `time_shift`, `other_conditions`) -> its settings.

    Raises
    ------
    ValueError
        If a variant is unknown.

    Examples
    --------
    >>> waveform, variants = np.array([1, 2, 3, 4], np.float32), {"time_shift": {"max_shift": 0.5}}
    >>> made = augmented(waveform, 4, utterance="ravdess/a", name="shift", seed=3, variants=variants)
    >>> {name: one.tolist() for name, one in made.items()}
    {'original': [1.0, 2.0, 3.0, 4.0], 'time_shift': [0.0, 1.0, 2.0, 3.0]}
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
    """Names of the waveforms that `augmented` returns with these settings, in its order.

    Raises
    ------
    ValueError
        If a variant is unknown.

    Examples
    --------
    >>> variant_names(name="noise", seed=0, variants={"noise": {"sigma": 0.01}})
    ['original', 'noise']
    """
    if unknown := [variant for variant in variants if variant not in VARIANTS]:
        raise ValueError(
            f"unknown variant {unknown[0]!r} in augmentation.variants; it is one of {', '.join(VARIANTS)}: correct it"
            " in conf/augmentation, or leave it out"
        )
    return [ORIGINAL, *variants]


def generator(seed: int, utterance: str, variant: str) -> np.random.Generator:
    """Random generator of one variant of one utterance, the same in every process and on every machine.

    Examples
    --------
    >>> first, again = (generator(0, "ravdess/a", "noise") for _ in range(2))
    >>> bool(first.random() == again.random())
    True
    """
    # Not hash(), which differs between processes.
    digest = hashlib.blake2b(f"{seed}\0{utterance}\0{variant}".encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def pitch_shift(waveform: Waveform, sample_rate: int, random: np.random.Generator, *, max_semitones: float) -> Waveform:
    """Shift all frequencies by up to `max_semitones` up or down, `(n_samples,)`; the tempo stays.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> pitch_shift(np.zeros(4000, np.float32), 16_000, random, max_semitones=2).shape
    (4000,)
    """
    n_steps = random.uniform(-max_semitones, max_semitones)
    shifted = librosa.effects.pitch_shift(_long_enough(waveform), sr=sample_rate, n_steps=n_steps, n_fft=N_FFT)
    return np.asarray(shifted[: waveform.size], np.float32)


def time_stretch(
    waveform: Waveform, sample_rate: int, random: np.random.Generator, *, min_rate: float, max_rate: float
) -> Waveform:
    """Change the tempo by a factor from `min_rate` to `max_rate`, `(n_samples / rate,)`; the pitch stays.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> time_stretch(np.zeros(4000, np.float32), 16_000, random, min_rate=2, max_rate=2).size
    2000
    """
    rate = random.uniform(min_rate, max_rate)
    stretched = librosa.effects.time_stretch(_long_enough(waveform), rate=rate, n_fft=N_FFT)
    return np.asarray(stretched[: round(waveform.size / rate)], np.float32)


def _long_enough(waveform: Waveform) -> Waveform:
    """The waveform, padded with zeros to one frame if it is shorter: the transform would do so with a warning."""
    return np.pad(waveform, (0, max(0, N_FFT - waveform.size)))


def noise(waveform: Waveform, sample_rate: int, random: np.random.Generator, *, sigma: float) -> Waveform:
    """Add white Gaussian noise of standard deviation `sigma` (full scale is 1), `(n_samples,)`.

    Examples
    --------
    >>> noisy = noise(np.zeros(16_000, np.float32), 16_000, np.random.default_rng(0), sigma=0.01)
    >>> round(float(noisy.std()), 3)
    0.01
    """
    return (waveform + random.normal(0, sigma, waveform.size)).astype(np.float32)


def time_shift(waveform: Waveform, sample_rate: int, random: np.random.Generator, *, max_shift: float) -> Waveform:
    """Move the waveform by up to `max_shift` seconds later or earlier, `(n_samples,)`.

    The gap is filled with zeros, and samples beyond the ends are lost: wrapping would put the end of a word before its
    beginning. The shift is at most half the utterance, so that speech remains.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> time_shift(np.array([1, 2, 3, 4], np.float32), 4, random, max_shift=0.5).tolist()
    [0.0, 1.0, 2.0, 3.0]
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
    "other_conditions": other_conditions,
}
SETTINGS: Mapping[str, type] = {"other_conditions": Conditions}
"""Variant -> its settings, where the function states them as a class."""
