"""Predictions of a recording and of its parts."""

from typing import TypedDict


class Prediction(TypedDict):
    """Prediction of a recording.

    Examples
    --------
    >>> Prediction(emotion="sad", confidence=0.8, probabilities={"calm": 0.2, "sad": 0.8}, duration=2.5)["emotion"]
    'sad'
    """

    emotion: str
    """The most probable label, or `no speech`."""
    confidence: float
    """Probability of the emotion, or of `no speech`."""
    probabilities: dict[str, float]
    """Probability of each label; empty for `no speech`."""
    duration: float
    """Seconds."""


class TimedPrediction(Prediction):
    """Prediction of a part of a recording.

    Examples
    --------
    >>> TimedPrediction(emotion="no speech", confidence=1.0, probabilities={}, duration=3.0, start=1.0, end=4.0)["end"]
    4.0
    """

    start: float
    """Seconds from the recording's start."""
    end: float
    """Seconds from the recording's start."""
