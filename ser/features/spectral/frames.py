"""Descriptors frame by frame: the representation `frames`."""

from collections.abc import Mapping, Sequence
from typing import Any

import librosa
import numpy as np

from ser.audio import waveforms
from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors import described, precision


def frames(
    waveform: Array,
    recorded_rate: int,
    *,
    name: str,
    sample_rate: int,
    duration: float,
    n_frames: int,
    n_fft: int,
    hop_length: int,
    descriptors: Sequence[Mapping[str, Any]],
) -> Array:
    """Descriptors of the first `duration` seconds, cut to `n_frames` frames or padded with zeros.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.
    name
        Of the setting.
    sample_rate
        Hz, to which the waveform is resampled.
    duration
        Seconds.
    n_fft, hop_length
        Samples.
    descriptors
        Each has `name` and the descriptor's own settings.

    Returns
    -------
    array
        `(n_frames, n_features)`: the descriptors' rows, in their order.

    Raises
    ------
    ValueError
        If there is no such descriptor.
    """
    # Cut before resampling, as by `librosa.load(duration=...)`: the tuning can hang on the last sample.
    at_rate = waveforms.resampled(
        waveform[: int(duration * recorded_rate)], sample_rate=recorded_rate, target=sample_rate
    )
    needed = precision(entry["name"] for entry in descriptors)
    analysis = Analysis(at_rate, sample_rate=sample_rate, n_fft=n_fft, hop_length=hop_length, precision=needed)
    rows = np.concatenate([described(analysis, **entry)[1] for entry in descriptors])
    return np.ascontiguousarray(librosa.util.fix_length(rows, size=n_frames, axis=1).T, np.float32)
