"""A representation's name and settings, as a bundle has them -> the function that extracts it.

Each kind is imported when it is asked for: librosa, numba, TensorFlow and torch take seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.audio import waveforms

Array = npt.NDArray[np.float32]
Extractor = Callable[[waveforms.Waveform, int], Array]
"""Waveform, `(n_samples,)`, and its sample rate in Hz -> one row of a model's input."""
Named = Callable[[waveforms.Waveform, int], Mapping[str, float]]


def extractor(name: str, settings: Mapping[str, Any], columns: Sequence[str]) -> Extractor:
    """The function that makes the row that a model takes: an array, or the features `columns` in their order.

    Raises
    ------
    ValueError
        If there is no such representation, or its network cannot be had.
    """
    if name == "log_mel":
        from ser.features.spectral.log_mel import log_mel

        return partial(log_mel, **settings)
    if name == "yamnet_bands":
        from ser.features.yamnet.bands import yamnet_bands

        return partial(yamnet_bands, **settings)
    if name == "frames":
        from ser.features.spectral.frames import frames

        return partial(frames, **settings)
    named = _named(name, settings)

    def row(waveform: waveforms.Waveform, recorded_rate: int) -> Array:
        features = named(waveform, recorded_rate)
        return np.array([features[column] for column in columns], np.float32)

    return row


def _named(name: str, settings: Mapping[str, Any]) -> Named:
    if name == "librosa":
        from ser.features.spectral.functionals import functionals

        return partial(functionals, **settings)
    if name == "yamnet":
        from ser.features.yamnet import embedding

        network = embedding.loaded(settings["handle"])
        return partial(embedding.embedding, network=network, max_duration=settings["max_duration"])
    if name == "ssl":
        from ser.features.encoders import ssl

        encoder = ssl.loaded(settings["model"], settings["revision"])
        kept = {key: settings[key] for key in ("layers", "weights", "max_duration")}
        return partial(ssl.encoding, encoder=encoder, **kept)
    if name == "opensmile":
        from ser.features import opensmile

        opensmile.loaded(settings["name"])  # whoever lacks it is told now
        return partial(opensmile.functionals, **settings)
    if name == "yamnet_librosa":
        parts = [_named(part, settings[part]) for part in ("yamnet", "librosa")]
        return lambda waveform, rate: {**parts[0](waveform, rate), **parts[1](waveform, rate)}
    raise ValueError(f"the model's representation is {name!r}, which this version does not know; train anew")
