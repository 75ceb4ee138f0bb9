"""Frozen encoder of Whisper: the representation `whisper`, mean and deviation over time of chosen layers.

References
----------
.. [1] Radford et al. (2023), Robust speech recognition via large-scale weak supervision, ICML.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ser.audio import waveforms
from ser.audio.excerpts import around_speech
from ser.features.definition import Definition
from ser.features.encoders import hugging_face, whisper_files, whisper_weights
from ser.features.encoders.excerpts import encodable
from ser.features.encoders.hugging_face import Unavailable as Unavailable
from ser.features.encoders.whisper_spectra import HOP_LENGTH, SAMPLE_RATE, log_mel_spectra
from ser.features.encoders.whisper_states import States
from ser.features.encoders.whisper_weights import Array

EXTENTS = ("recording", "speech", "padded")
SAMPLES_A_STATE = 2 * HOP_LENGTH  # 20 ms
POOLINGS: Mapping[str, Callable[[Array], Array]] = {
    "mean": lambda state: np.asarray(state.mean(axis=0, dtype=np.float64)),
    "deviation": lambda state: np.asarray(state.std(axis=0, dtype=np.float64)),
}


class Encoder:
    """Waveform -> hidden states of the given numbers, `(n_states, width)` each, one for every 20 ms."""

    def __init__(self, weights: whisper_weights.Weights) -> None:
        self._states, self._n_mels = States(weights), weights.n_mels
        self.limit: float = len(weights.positions) * SAMPLES_A_STATE / SAMPLE_RATE
        """Duration of the longest waveform that the encoder takes, in seconds."""

    def __call__(self, waveform: waveforms.Waveform, layers: Sequence[int], *, padded: bool) -> list[Array]:
        """Encode a waveform at 16 kHz; even an empty one has one state.

        Parameters
        ----------
        layers
            0 for the input of the first layer, `k` for the output of layer `k`.
        padded
            True: zeros up to `limit` follow the recording, as in the training of Whisper, and their states are left
            out. False: only the recording is computed, which takes a tenth of the time.
        """
        n_samples = round(self.limit * SAMPLE_RATE) if padded else None
        spectra = log_mel_spectra(waveform, n_mels=self._n_mels, n_samples=n_samples)
        states = self._states(spectra, layers)
        n_recorded = max(1, -(-waveform.size // SAMPLES_A_STATE))  # an incomplete one counts
        return [state[:n_recorded] for state in states] if padded else states


@cache
def loaded(model: str, revision: str, n_layers: int) -> Encoder:
    """Load the first `n_layers` layers, once in a process; download the weights first if they are not on this machine.

    Raises
    ------
    Unavailable
        If they are not available or not usable; the message has the remedy.
    """
    return Encoder(whisper_weights.read(whisper_files.path(model, revision), n_layers=n_layers))


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

    Raises
    ------
    ValueError
        If the weights are not available, or the encoder has no such layer or does not take `max_duration`.
    """
    encoder = _encoder({"model": model, "revision": revision, "layers": layers})
    _check(pooling, extent)
    part = around_speech(waveform, recorded_rate) if extent == "speech" else waveform
    limits = {"max_duration": max_duration, "limit": encoder.limit}
    at_rate = encodable(part, recorded_rate, sample_rate=SAMPLE_RATE, section="whisper", **limits)
    states = encoder(at_rate, layers, padded=extent == "padded")
    parts = [POOLINGS[name](state) for state in states for name in pooling]
    return {f"Whisper_{k}": float(value) for k, value in enumerate(np.concatenate(parts), start=1)}


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
    return loaded(settings["model"], settings["revision"], max(layers))


REPRESENTATION = Definition(encoding, prepare=_encoder, unknown_networks=hugging_face.unknown)
