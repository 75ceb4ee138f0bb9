"""Predictions of a recording and of its parts."""

from typing import TypedDict


class Prediction(TypedDict):
    """Prediction of a recording."""

    emotion: str
    """The most probable label, or `no speech`."""
    confidence: float
    """Probability of the emotion, or of `no speech`."""
    probabilities: dict[str, float]
    """Probability of each label; empty for `no speech`."""
    duration: float
    """Seconds."""


class TimedPrediction(Prediction):
    """Prediction of a part of a recording."""

    start: float
    """Seconds from the recording's start."""
    end: float
    """Seconds from the recording's start."""
