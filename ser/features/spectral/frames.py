"""Descriptors frame by frame: the representation `frames`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import librosa
import numpy as np

from ser.audio import waveforms
from ser.features.definition import Definition
from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors import check, described, precision


@dataclass(frozen=True)
class Settings:
    """Settings of `frames`, as conf/frames has them.

    Examples
    --------
    >>> rms = [{"name": "rms"}]
    >>> chosen = Settings("rms", 16_000, duration=1.0, n_frames=32, n_fft=512, hop_length=512, descriptors=rms)
    >>> chosen.n_frames * chosen.hop_length / chosen.sample_rate  # seconds
    1.024
    """

    name: str
    """Name of the settings."""
    sample_rate: int
    """Hz, to which the waveform is resampled."""
    duration: float
    """Seconds from the start that are analysed."""
    n_frames: int
    """Frames, to which the result is cut or padded with zeros."""
    n_fft: int
    hop_length: int
    """Samples, as `n_fft`."""
    descriptors: Sequence[Mapping[str, Any]]
    """`name` and settings of each descriptor."""


def frames(waveform: Array, recorded_rate: int, **settings: Any) -> Array:
    """Descriptors of the first seconds, frame by frame.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.
    settings
        Fields of `Settings`.

    Returns
    -------
    array
        `(n_frames, n_features)`: the rows of the descriptors, in their order.

    Raises
    ------
    ValueError
        If there is no such descriptor.

    Examples
    --------
    >>> settings = {"name": "rms", "sample_rate": 16_000, "n_fft": 512, "hop_length": 512, "duration": 1.0}
    >>> frames(np.zeros(16_000, np.float32), 16_000, **settings, n_frames=32, descriptors=[{"name": "rms"}]).shape
    (32, 1)
    """
    chosen = Settings(**settings)
    rate = chosen.sample_rate
    # Cut before resampling, as by `librosa.load(duration=...)`: the tuning can depend on the last sample.
    head = waveform[: int(chosen.duration * recorded_rate)]
    at_rate = waveforms.resampled(head, sample_rate=recorded_rate, target=rate)
    needed = precision(entry["name"] for entry in chosen.descriptors)
    analysis = Analysis(at_rate, sample_rate=rate, n_fft=chosen.n_fft, hop_length=chosen.hop_length, precision=needed)
    rows = np.concatenate([described(analysis, **entry)[1] for entry in chosen.descriptors])
    return np.ascontiguousarray(librosa.util.fix_length(rows, size=chosen.n_frames, axis=1).T, np.float32)


REPRESENTATION = Definition(
    frames, time_axis=1, settings_class=Settings, check=lambda settings: check(settings["descriptors"])
)
