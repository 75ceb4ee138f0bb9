"""Frozen encoder of Whisper: the representation `whisper`, statistics over time of chosen layers.

References
----------
.. [1] Radford et al. (2023), Robust speech recognition via large-scale weak supervision, ICML.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.audio import waveforms
from ser.audio.excerpts import around_speech
from ser.audio.levels import at_level
from ser.features.definition import Definition
from ser.features.encoders import hugging_face, whisper_files
from ser.features.encoders.hugging_face import Unavailable as Unavailable
from ser.features.encoders.speech_excerpt import encodable
from ser.features.encoders.whisper_network import Encoder
from ser.features.encoders.whisper_network import loaded as loaded
from ser.features.encoders.whisper_spectra import SAMPLE_RATE
from ser.features.encoders.whisper_weights import Array

EXTENTS = ("recording", "speech", "padded")
POOLINGS: Mapping[str, Callable[[Array], npt.NDArray[Any]]] = {
    "mean": lambda state: np.asarray(state.mean(axis=0, dtype=np.float64)),
    "deviation": lambda state: np.asarray(state.std(axis=0, dtype=np.float64)),
    "normal_mean": lambda state: normal(state.mean(axis=0, dtype=np.float64)),
}


def encoding(
    waveform: waveforms.Waveform,
    recorded_rate: int,
    *,
    model: str,
    revision: str,
    layers: Sequence[int],
    pooling: Sequence[str],
    extent: str,
    max_duration: float,
    level: float | None = None,
) -> dict[str, float]:
    """Statistics over time of each value of the layers, one layer after the other: `Whisper_1`, `Whisper_2`, …

    Parameters
    ----------
    waveform
        `(n_samples,)` at `recorded_rate` Hz, of which the first `max_duration` seconds are encoded.
    model, revision
        The encoder, which each process loads once.
    layers, pooling
        As `Encoder` takes them; names in `POOLINGS`.
    extent
        In `EXTENTS`: `recording`; its part with `speech` (`around_speech`); or `padded` with zeros to 30 s.
    level
        Decibels relative to full scale, to which every waveform is scaled (`at_level`); None: the recorded level.

    Raises
    ------
    ValueError
        If the weights are not available, or the encoder has no such layer or does not take `max_duration`.

    Examples
    --------
    >>> model = "packaged/whisper-tiny-int8"
    >>> how = {"layers": [1, 3], "pooling": ["mean", "deviation"], "extent": "recording", "max_duration": 10.0}
    >>> silence = np.zeros(8000, np.float32)
    >>> found = encoding(silence, 16_000, model=model, revision=hugging_face.ENCODERS[model], **how)
    >>> list(found)[:2], len(found)  # 2 layers, 2 statistics, 384 values
    (['Whisper_1', 'Whisper_2'], 1536)
    """
    encoder = _encoder({"model": model, "revision": revision, "layers": layers})
    _check(pooling, extent)
    part = around_speech(waveform, recorded_rate) if extent == "speech" else waveform
    limits = {"max_duration": max_duration, "limit": encoder.limit}
    at_rate = encodable(part, recorded_rate, sample_rate=SAMPLE_RATE, section="whisper", **limits)
    if level is not None:
        at_rate = at_level(at_rate, SAMPLE_RATE, level)
    states = encoder(at_rate, layers, padded=extent == "padded")
    values = np.concatenate([POOLINGS[name](state) for state in states for name in pooling])
    return dict(zip(_columns(values.size), values.tolist(), strict=True))


@cache
def _columns(n_values: int) -> list[str]:
    return [f"Whisper_{k}" for k in range(1, n_values + 1)]


def normal(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values shifted and scaled to the mean 0 and the deviation 1; equal values become 0.

    Examples
    --------
    >>> normal(np.array([1.0, 3.0])).tolist(), normal(np.array([2.0, 2.0])).tolist()
    ([-1.0, 1.0], [0.0, 0.0])
    """
    centred = values - values.mean()
    return np.asarray(centred / (centred.std() or 1.0))


def _check(pooling: Sequence[str], extent: str) -> None:
    if not pooling or not set(pooling) <= set(POOLINGS):
        raise ValueError(f"whisper.pooling is {list(pooling)}; choose one or more of {', '.join(POOLINGS)}")
    if extent not in EXTENTS:
        raise ValueError(f"whisper.extent is {extent}; choose one of {', '.join(EXTENTS)}")


def _encoder(settings: Mapping[str, Any]) -> Encoder:
    """The encoder up to the highest of the layers."""
    layers = settings["layers"]
    if not layers or len(set(layers)) < len(layers) or min(layers) < 0:
        raise ValueError(
            f"whisper.layers is {layers}; give a list of layers, each once: 0 is the input of the first layer, k the"
            " output of layer k"
        )
    return loaded(settings["model"], settings["revision"], max(layers), "whisper.layers")


REPRESENTATION = Definition(
    encoding,
    prepare=_encoder,
    weights=whisper_files.weights,
    unknown_networks=hugging_face.unknown,
    pretraining_corpora=whisper_files.pretraining_corpora,
    libraries=("ai-edge-litert",),  # it runs the encoder that this package contains
)
