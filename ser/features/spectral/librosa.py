"""Functionals of the descriptors of an utterance: the representation `librosa`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ser.audio import waveforms
from ser.features.definition import Definition
from ser.features.spectral.analysis import Analysis, Array, Rows
from ser.features.spectral.descriptors import described, precision

FUNCTIONALS: Mapping[str, tuple[str, Callable[[Rows], Rows]]] = {
    # name in conf/ -> suffix of the name of the column, function over frames
    "mean": ("", lambda values: values.mean(axis=1)),
    "std": ("_Std", lambda values: values.std(axis=1)),
}


def functionals(
    waveform: Array,
    recorded_rate: int,
    *,
    name: str,
    sample_rate: int,
    n_fft: int,
    hop_length: int,
    descriptors: Sequence[Mapping[str, Any]],
) -> dict[str, float]:
    """Functionals over the frames of the descriptors of a feature set of conf/librosa.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz; it is resampled to `sample_rate` Hz.
    descriptors
        `name`, `functionals`, and settings of each descriptor.

    Returns
    -------
    dict
        Column name -> value: `MFCC_1`, `MFCC_1_Std`, …; a descriptor of one row has no number.

    Raises
    ------
    ValueError
        If there is no such descriptor or functional.
    """
    at_rate = waveforms.resampled(waveform, sample_rate=recorded_rate, target=sample_rate)
    needed = precision(entry["name"] for entry in descriptors)
    analysis = Analysis(at_rate, sample_rate=sample_rate, n_fft=n_fft, hop_length=hop_length, precision=needed)
    features: dict[str, float] = {}
    for entry in descriptors:
        settings = {key: value for key, value in entry.items() if key != "functionals"}
        title, values = described(analysis, **settings)
        for functional in entry["functionals"]:
            features |= _named(title, functional, values)
    return features


def _named(title: str, functional: str, values: Rows) -> dict[str, float]:
    if functional not in FUNCTIONALS:
        raise ValueError(f"unknown functional {functional!r} in conf/librosa; known are {', '.join(FUNCTIONALS)}")
    suffix, function = FUNCTIONALS[functional]
    numbers = [""] if len(values) == 1 else [f"_{row}" for row in range(1, len(values) + 1)]
    return {f"{title}{number}{suffix}": float(value) for number, value in zip(numbers, function(values), strict=True)}


REPRESENTATION = Definition(functionals)
