"""Functionals of the descriptors of an utterance: the representation `librosa`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ser.audio import waveforms
from ser.features.definition import Definition
from ser.features.spectral.analysis import Analysis, Array, Rows
from ser.features.spectral.descriptors import check, described, precision

FUNCTIONALS: Mapping[str, tuple[str, Callable[[Rows], Rows]]] = {
    # name in conf/ -> suffix of the name of the column, function over frames
    "mean": ("", lambda values: values.mean(axis=1)),
    "std": ("_Std", lambda values: values.std(axis=1)),
}


@dataclass(frozen=True)
class Settings:
    """Settings of `functionals`, as conf/librosa has them: a feature set.

    Examples
    --------
    >>> descriptors = [{"name": "rms", "functionals": ["mean", "std"]}]
    >>> chosen = Settings("level", 8000, n_fft=512, hop_length=128, descriptors=descriptors)
    >>> chosen.hop_length / chosen.sample_rate  # seconds
    0.016
    """

    name: str
    """Name of the set."""
    sample_rate: int
    """Hz, to which the waveform is resampled."""
    n_fft: int
    hop_length: int
    """Samples, as `n_fft`."""
    descriptors: Sequence[Mapping[str, Any]]
    """`name`, `functionals`, and settings of each descriptor."""


def functionals(waveform: Array, recorded_rate: int, **settings: Any) -> dict[str, float]:
    """Functionals over the frames of the descriptors of a feature set.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.
    settings
        Fields of `Settings`.

    Returns
    -------
    dict
        Column name -> value: `MFCC_1`, `MFCC_1_Std`, …; a descriptor of one row has no number.

    Raises
    ------
    ValueError
        If there is no such descriptor or functional.

    Examples
    --------
    >>> import numpy as np
    >>> descriptors = [{"name": "rms", "functionals": ["mean", "std"]}]
    >>> settings = {"name": "level", "sample_rate": 8_000, "n_fft": 512, "hop_length": 128}
    >>> list(functionals(np.ones(8_000, np.float32), 8_000, **settings, descriptors=descriptors))
    ['RMS', 'RMS_Std']
    """
    features: dict[str, float] = {}
    chosen = Settings(**settings)
    analysis = _analysis(waveform, recorded_rate, chosen)
    for entry in chosen.descriptors:
        own = {key: value for key, value in entry.items() if key != "functionals"}
        title, values = described(analysis, **own)
        for functional in entry["functionals"]:
            features |= _named(title, functional, values)
    return features


def _analysis(waveform: Array, recorded_rate: int, settings: Settings) -> Analysis:
    rate = settings.sample_rate
    at_rate = waveforms.resampled(waveform, sample_rate=recorded_rate, target=rate)
    needed = precision(entry["name"] for entry in settings.descriptors)
    return Analysis(at_rate, sample_rate=rate, n_fft=settings.n_fft, hop_length=settings.hop_length, precision=needed)


def _named(title: str, functional: str, values: Rows) -> dict[str, float]:
    if functional not in FUNCTIONALS:
        raise ValueError(f"unknown functional {functional!r} in conf/librosa; known are {', '.join(FUNCTIONALS)}")
    suffix, function = FUNCTIONALS[functional]
    numbers = [""] if len(values) == 1 else [f"_{row}" for row in range(1, len(values) + 1)]
    return {f"{title}{number}{suffix}": float(value) for number, value in zip(numbers, function(values), strict=True)}


REPRESENTATION = Definition(
    functionals, settings_class=Settings, check=lambda settings: check(settings["descriptors"], FUNCTIONALS)
)
