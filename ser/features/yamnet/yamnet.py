"""YAMNet's embedding of an utterance: the representation `yamnet`."""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from ser.audio import waveforms
from ser.audio.excerpts import excerpt
from ser.features.definition import Definition
from ser.features.yamnet import hub
from ser.features.yamnet import network as yamnet_network
from ser.features.yamnet.patches import PATCH_LENGTH, SAMPLE_RATE, Array, patches

Network = Callable[[Array], Array]
"""Patches `(n_patches, 96, 64)` -> embeddings `(n_patches, 1024)`."""
Unavailable = yamnet_network.Unavailable
loaded = yamnet_network.loaded


def embedding(
    waveform: waveforms.Waveform, recorded_rate: int, *, handle: str, max_duration: float
) -> dict[str, float]:
    """Embedding of one recording; see `embeddings`."""
    return embeddings([(waveform, recorded_rate)], handle=handle, max_duration=max_duration)[0]


def embeddings(
    recordings: Sequence[tuple[waveforms.Waveform, int]], *, handle: str, max_duration: float
) -> list[dict[str, float]]:
    """Embedding of each recording, averaged over its patches: `YAMNet_1` to `YAMNet_1024`.

    Parameters
    ----------
    recordings
        Waveforms, `(n_samples,)`, and their sample rates in Hz.
    handle
        Handle of the network on TF Hub. Each process loads it once.
    max_duration
        Seconds from the start of the recording; the rest is not used.

    Raises
    ------
    Unavailable
        If the network is not available or not usable.
    """
    return embedded(recordings, network=loaded(handle), max_duration=max_duration)


def embedded(
    recordings: Sequence[tuple[waveforms.Waveform, int]], *, network: Network, max_duration: float
) -> list[dict[str, float]]:
    """Embedding of each recording by a network.

    The patches of all recordings pass through the network together. This changes no bit of any embedding.

    Examples
    --------
    >>> second = np.zeros(16_000, np.float32), 16_000
    >>> (found,) = embedded([second], network=lambda patches: patches.mean(axis=1), max_duration=10.0)
    >>> len(found), list(found)[:2]
    (64, ['YAMNet_1', 'YAMNet_2'])
    """
    by_recording = [patches(prepared(waveform, rate, max_duration=max_duration)) for waveform, rate in recordings]
    if not by_recording:
        return []
    ends = list(accumulate(map(len, by_recording)))
    of_patches = np.split(network(np.concatenate(by_recording)), ends[:-1])
    return [_named(vectors.mean(axis=0)) for vectors in of_patches]


def prepared(waveform: waveforms.Waveform, recorded_rate: int, *, max_duration: float) -> waveforms.Waveform:
    """First `max_duration` seconds at 16 kHz, in [-1, 1], padded with zeros to one patch at least.

    Examples
    --------
    >>> prepared(np.zeros(4000, np.float32), 8000, max_duration=10.0).size  # one patch
    15600
    """
    at_rate = np.clip(excerpt(waveform, recorded_rate, sample_rate=SAMPLE_RATE, duration=max_duration), -1, 1)
    return np.pad(at_rate, (0, max(0, PATCH_LENGTH - at_rate.size)))


def _named(mean: Array) -> dict[str, float]:
    return {f"YAMNet_{k}": float(value) for k, value in enumerate(mean, start=1)}


def unknown_networks(settings: Mapping[str, Any]) -> list[str]:
    """Handle of the network in a list, unless its graph is known by its digest.

    Examples
    --------
    >>> unknown_networks({"handle": "https://tfhub.dev/google/yamnet/1"}), unknown_networks({"handle": "mine"})
    ([], ['mine'])
    """
    return [] if settings["handle"] in hub.GRAPHS else [settings["handle"]]


def weights(settings: Mapping[str, Any]) -> dict[str, str]:
    """Digest of the weights of the network on this machine, by its handle; empty if it is not there.

    Examples
    --------
    >>> weights({"handle": "no_such_model"})
    {}
    """
    found = hub.weights(settings["handle"])
    return {} if found is None else {settings["handle"]: found}


REPRESENTATION = Definition(
    embedding,
    prepare=lambda settings: loaded(settings["handle"]),
    batch_function=embeddings,
    libraries=("ai-edge-litert", "tensorflow"),  # they convert the network and run it
    unknown_networks=unknown_networks,
    weights=weights,
)
