"""YAMNet's embedding of an utterance: the representation `yamnet`."""

from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np

from ser.audio import waveforms
from ser.audio.excerpts import excerpt
from ser.features.yamnet import network as yamnet_network
from ser.features.yamnet.patches import PATCH_LENGTH, SAMPLE_RATE, Array, patches

Network = Callable[[Array], Array]
"""Patches `(n_patches, 96, 64)` -> embeddings `(n_patches, 1024)`."""
Unavailable = yamnet_network.Unavailable
loaded = yamnet_network.loaded


def prepared(waveform: waveforms.Waveform, recorded_rate: int, *, max_duration: float) -> waveforms.Waveform:
    """First `max_duration` seconds at 16 kHz, in [-1, 1], padded with zeros to one patch at least."""
    at_rate = np.clip(excerpt(waveform, recorded_rate, sample_rate=SAMPLE_RATE, duration=max_duration), -1, 1)
    return np.pad(at_rate, (0, max(0, PATCH_LENGTH - at_rate.size)))


def embeddings(
    recordings: Sequence[tuple[waveforms.Waveform, int]], *, network: Network, max_duration: float
) -> list[dict[str, float]]:
    """Embedding of each recording, averaged over its patches: `YAMNet_1` to `YAMNet_1024`.

    The patches of all recordings go through the network together, which changes no bit of any.

    Parameters
    ----------
    recordings
        Waveforms, `(n_samples,)`, and their sample rates in Hz.
    """
    by_recording = [patches(prepared(waveform, rate, max_duration=max_duration)) for waveform, rate in recordings]
    if not by_recording:
        return []
    ends = list(accumulate(map(len, by_recording)))
    of_patches = np.split(network(np.concatenate(by_recording)), ends[:-1])
    return [_named(embedded.mean(axis=0)) for embedded in of_patches]


def embeddings_of(
    recordings: Sequence[tuple[waveforms.Waveform, int]], *, handle: str, max_duration: float
) -> list[dict[str, float]]:
    """`embeddings` by the network of `handle`, which each process loads once: what is sent to other processes.

    Raises
    ------
    Unavailable
        If the model cannot be had or used.
    """
    return embeddings(recordings, network=loaded(handle), max_duration=max_duration)


def embedding(
    waveform: waveforms.Waveform, recorded_rate: int, *, network: Network, max_duration: float
) -> dict[str, float]:
    """`embeddings` of a single recording."""
    return embeddings([(waveform, recorded_rate)], network=network, max_duration=max_duration)[0]


def _named(mean: Array) -> dict[str, float]:
    return {f"YAMNet_{k}": float(value) for k, value in enumerate(mean, start=1)}
