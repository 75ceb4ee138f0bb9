"""Hidden states of a frozen layer of Whisper around the speech of an utterance: the representation `whisper_states`.

Networks that train the later layers further (`tuned_whisper`) take them. The frozen layers are computed only once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ser.audio import waveforms
from ser.audio.excerpts import excerpt
from ser.features.definition import Definition
from ser.features.encoders import hugging_face, whisper_files
from ser.features.encoders.speech_excerpt import centred_on_speech
from ser.features.encoders.whisper_network import SAMPLES_A_STATE, Encoder, loaded
from ser.features.encoders.whisper_spectra import SAMPLE_RATE
from ser.features.encoders.whisper_weights import Array

SECTION = "whisper_states"


@dataclass(frozen=True)
class Settings:
    """Settings of `whisper_states`, as conf/whisper_states has them.

    Examples
    --------
    >>> part = {"frames_a_state": 2, "duration": 3.0, "depth": 30.0, "max_duration": 10.0}
    >>> Settings("openai/whisper-base", "e37978b", layer=2, **part).layer
    2
    """

    model: str
    """The encoder, which each process loads once."""
    revision: str
    layer: int
    """0 for the input of the first layer, `k` for the output of layer `k`."""
    frames_a_state: int
    """Frames of 20 ms whose states are averaged."""
    duration: float
    """Seconds around the middle of the speech; zeros follow a shorter recording, as in the training of Whisper."""
    depth: float
    """Decibels; quieter frames than the loudest by more than this are no speech."""
    max_duration: float
    """Seconds from the start of the recording that are used."""


def whisper_states(waveform: waveforms.Waveform, recorded_rate: int, **settings: Any) -> Array:
    """States of one layer for the part of a recording around its speech, `(n_states, width)`.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.
    settings
        Fields of `Settings`.

    Raises
    ------
    ValueError
        If the weights are not available, or the encoder has no such layer or does not take `duration`.

    Examples
    --------
    >>> named = {"model": "tiny", "revision": "", "layer": 2, "max_duration": 10.0}
    >>> part = {"frames_a_state": 2, "duration": 3.0, "depth": 30.0}
    >>> whisper_states(np.zeros(16_000, np.float32), 16_000, **named, **part)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.features.encoders.hugging_face.Unavailable: whisper_states.model is tiny; wanted a name at https://...
    """
    chosen, encoder = Settings(**settings), _encoder(settings)
    n_states = max(1, round(chosen.duration * SAMPLE_RATE / SAMPLES_A_STATE / chosen.frames_a_state))
    n_samples = n_states * chosen.frames_a_state * SAMPLES_A_STATE
    _check_duration(n_samples, encoder, chosen)
    at_rate = excerpt(waveform, recorded_rate, sample_rate=SAMPLE_RATE, duration=chosen.max_duration)
    part = centred_on_speech(at_rate, sample_rate=SAMPLE_RATE, n_samples=n_samples, depth=chosen.depth)
    (states,) = encoder(part, [chosen.layer], padded=False)
    return np.asarray(states.reshape(n_states, chosen.frames_a_state, -1).mean(axis=1), np.float32)


def _check_duration(n_samples: int, encoder: Encoder, chosen: Settings) -> None:
    if n_samples > encoder.limit * SAMPLE_RATE:
        raise ValueError(
            f"{SECTION}.duration is {chosen.duration} s, and the encoder takes {encoder.limit} s at most; choose -S"
            f" {SECTION}.duration={encoder.limit}"
        )


def _encoder(settings: Mapping[str, Any]) -> Encoder:
    return loaded(settings["model"], settings["revision"], settings["layer"], f"{SECTION}.layer")


REPRESENTATION = Definition(
    whisper_states,
    time_axis=1,
    is_scaled=True,
    prepare=_encoder,
    settings_class=Settings,
    weights=whisper_files.weights,
    unknown_networks=hugging_face.unknown,
    pretraining_corpora=whisper_files.pretraining_corpora,
    libraries=("ai-edge-litert",),  # it runs the encoder that this package contains
)
