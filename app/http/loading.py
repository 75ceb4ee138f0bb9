"""Models of the service: one set for each thread, loaded and warmed up before the first request."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.http.settings import Settings
from ser.serving import inputs, recognition
from ser.serving.recognition import Recognizer

Models = Mapping[str, Recognizer]


def loaded(chosen: Settings) -> list[Models]:
    """All models, once for each thread.

    Raises
    ------
    ValueError
        If a model cannot be loaded.
    """
    return [{name: _loaded(name, folder) for name, folder in chosen.models.items()} for _ in range(chosen.threads)]


def _loaded(name: str, folder: Path) -> Recognizer:
    try:
        return replace(recognition.load(folder), name=name)  # its warnings must not show clients the folder
    except ValueError as error:
        raise ValueError(f"SER_MODELS has {name}: {error}") from None


def warm_up(models: Models) -> None:
    """Predict once with each model: the first prediction of a thread is slow."""
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    for recognizer in models.values():
        recognizer.predict(inputs.of_waveform(noise, 16_000))
        recognizer.probabilities(noise, 16_000)  # `predict` finds no speech in noise, and skips the model
