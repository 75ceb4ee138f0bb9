"""YAMNet's embedding of an utterance: the representation `yamnet`."""

import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ser import audio
from ser.features import hub
from ser.streams import silent_stderr

SAMPLE_RATE = 16_000  # Hz
PATCH_LENGTH = 15_600  # samples: one patch of 0.96 s, and the analysis window that ends it

Network = Callable[[npt.NDArray[np.float32]], tuple[Any, Any, Any]]


class Unavailable(ValueError):
    """The model is not cached and cannot be downloaded."""


def loaded(handle: str) -> Network:
    """Load the network: waveform at 16 kHz -> scores, embeddings `(n_patches, 1024)`, log-mel spectrogram.

    Raises
    ------
    Unavailable
        If the model cannot be had; the message is the remedy.
    """
    os.environ["TFHUB_CACHE_DIR"] = str(hub.cache_folder())
    with warnings.catch_warnings(), silent_stderr():
        warnings.simplefilter("ignore")  # tensorflow_hub 0.16.1 imports pkg_resources, which warns
        try:
            import tensorflow_hub

            network: Network = tensorflow_hub.load(handle)
        except Exception as error:  # the hub raises whatever urllib, tarfile and TensorFlow do
            raise Unavailable(f"{hub.remedy(handle)} ({type(error).__name__})") from error
    return network


def prepared(waveform: audio.Waveform, recorded_rate: int, *, max_duration: float) -> audio.Waveform:
    """First `max_duration` seconds at 16 kHz, in [-1, 1], padded with zeros to one patch at least."""
    at_rate = audio.resampled(waveform, sample_rate=recorded_rate, target=SAMPLE_RATE)
    at_rate = np.clip(at_rate[: round(max_duration * SAMPLE_RATE)], -1, 1)
    return np.pad(at_rate, (0, max(0, PATCH_LENGTH - at_rate.size)))


def embedding(
    waveform: audio.Waveform, recorded_rate: int, *, network: Network, max_duration: float
) -> dict[str, float]:
    """Embedding averaged over the patches of a waveform at `recorded_rate` Hz: `YAMNet_1` to `YAMNet_1024`."""
    _, embeddings, _ = network(prepared(waveform, recorded_rate, max_duration=max_duration))
    mean = np.asarray(embeddings).mean(axis=0)
    return {f"YAMNet_{k}": float(value) for k, value in enumerate(mean, start=1)}
