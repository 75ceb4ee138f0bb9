"""Models of the service, loaded and warmed up by each process before its first request."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ser.serving import inputs, recognition
from ser.serving.recognition import Recognizer

Models = Mapping[str, Recognizer]


@dataclass(frozen=True)
class Facts:
    """Facts of a model that clients need."""

    name: str
    labels: list[str]
    network: str | None
    corpora: list[str]
    n_speakers: int | None
    window: float
    warnings: list[str]
    note: str


def loaded(folders: Mapping[str, Path], networks: Collection[str] = ()) -> Models:
    """All models; they may run the `networks` that `ser.serving.recognition.load` takes.

    Raises
    ------
    ValueError
        If a model cannot be loaded.
    """
    return {name: _loaded(name, folder, networks) for name, folder in folders.items()}


def _loaded(name: str, folder: Path, networks: Collection[str]) -> Recognizer:
    try:
        # With another name, because its warnings must not show clients the folder.
        return replace(recognition.load(folder, networks=networks), name=name)
    except ValueError as error:
        raise ValueError(f"SER_MODELS has {name}: {error}") from None


def facts(recognizer: Recognizer) -> Facts:
    """Facts of a model.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> one = Recognizer("mine", [(None, SimpleNamespace(labels=["calm", "sad"]))], 3.0, False, {"corpora": ["emodb"]})
    >>> found = facts(one)
    >>> found.name, found.labels, found.corpora, found.window
    ('mine', ['calm', 'sad'], ['emodb'], 3.0)
    """
    description = recognizer.description
    speakers = description.get("speakers")
    return Facts(
        name=recognizer.name,
        labels=list(recognizer.labels),
        network=(description.get("model") or {}).get("name") or ("ensemble" if "members" in description else None),
        corpora=description.get("corpora") or [],
        n_speakers=None if speakers is None else len(speakers),
        window=recognizer.window,
        warnings=list(recognizer.warnings),
        note=recognizer.note,
    )


def warm_up(models: Models) -> None:
    """Predict once with each model: the first prediction of a process is slow."""
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    for recognizer in models.values():
        recognizer.predict(inputs.of_waveform(noise, 16_000))
        recognizer.probabilities(noise, 16_000)  # `predict` finds no speech in noise, and skips the model
