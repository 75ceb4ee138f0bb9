"""Features of both `yamnet` and `librosa`, one row an utterance: the representation `yamnet_librosa`.

The stage `combine` joins the two tables. This module extracts both from a new recording.
"""

from collections.abc import Mapping
from typing import Any

from ser.audio import waveforms
from ser.features.definition import Definition
from ser.features.spectral import librosa as spectral
from ser.features.spectral.librosa import functionals
from ser.features.yamnet import yamnet as embedding


def both(
    waveform: waveforms.Waveform, recorded_rate: int, *, yamnet: Mapping[str, Any], librosa: Mapping[str, Any]
) -> dict[str, float]:
    """Embedding and functionals of a waveform, `(n_samples,)` at `recorded_rate` Hz, by the settings of each."""
    embedded = embedding.embedding(
        waveform, recorded_rate, handle=yamnet["handle"], max_duration=yamnet["max_duration"]
    )
    return {**embedded, **functionals(waveform, recorded_rate, **librosa)}


def _check(settings: Mapping[str, Any]) -> None:
    embedding.REPRESENTATION.check_settings(settings["yamnet"])
    spectral.REPRESENTATION.check_settings(settings["librosa"])


REPRESENTATION = Definition(
    both,
    prepare=lambda settings: embedding.loaded(settings["yamnet"]["handle"]),
    libraries=embedding.REPRESENTATION.libraries,
    check=_check,
    unknown_networks=lambda settings: embedding.unknown_networks(settings["yamnet"]),
    weights=lambda settings: embedding.weights(settings["yamnet"]),
)
