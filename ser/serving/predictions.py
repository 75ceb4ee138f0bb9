"""Predictions of a recording and of its parts, and the models that make them."""

from collections.abc import Sequence
from typing import NotRequired, Protocol, TypedDict

import numpy as np
import numpy.typing as npt

from ser.serving.enrolment import Enrolment

PROBABILITY_DIGITS = 6
NO_SPEECH = "no speech"
UNSURE = "unsure"
Probabilities = npt.NDArray[np.float64]


class Prediction(TypedDict):
    """Prediction of a recording.

    Examples
    --------
    >>> Prediction(emotion="sad", confidence=0.8, probabilities={"calm": 0.2, "sad": 0.8}, duration=2.5)["emotion"]
    'sad'
    """

    emotion: str
    """The most probable label, `no speech`, or `unsure` if its probability is below a threshold that the user chose."""
    confidence: float
    """Highest probability, or that of `no speech`."""
    probabilities: dict[str, float]
    """Probability of each label; empty for `no speech`."""
    duration: float
    """Seconds."""
    protocol: NotRequired[str]
    """States that the prediction also depends on recordings of the same speaker; only with an enrolment."""
    notes: NotRequired[list[str]]
    """Remarks, if there are any: a change of the waveform, such as an offset that was removed, or too little speech."""


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


def most_probable(labels: Sequence[str], probabilities: Probabilities) -> tuple[str, dict[str, float]]:
    """The most probable label, and the rounded probability of each.

    Examples
    --------
    >>> most_probable(["calm", "sad"], np.array([1 / 3, 2 / 3]))
    ('sad', {'calm': 0.333333, 'sad': 0.666667})
    """
    by_label = {label: round(float(one), PROBABILITY_DIGITS) for label, one in zip(labels, probabilities, strict=True)}
    return labels[int(probabilities.argmax())], by_label


def rounded(
    labels: Sequence[str], probabilities: Probabilities | None, *, spoken: float, duration: float
) -> Prediction:
    """Rounded prediction of a part of a recording.

    Parameters
    ----------
    probabilities
        Probability of each label, `(n_labels,)`; None where there is no speech.
    spoken
        Probability of speech.
    duration
        Seconds.

    Examples
    --------
    >>> rounded(["calm", "sad"], None, spoken=0.25, duration=2.0)["confidence"]  # of `no speech`
    0.75
    """
    duration = round(duration, 3)
    if probabilities is None:
        confidence = round(1 - spoken, PROBABILITY_DIGITS)
        return Prediction(emotion=NO_SPEECH, confidence=confidence, probabilities={}, duration=duration)
    best, by_label = most_probable(labels, probabilities)
    return Prediction(emotion=best, confidence=by_label[best], probabilities=by_label, duration=duration)


def finished(prediction: Prediction, *, unsure: float, enrolment: Enrolment | None = None) -> Prediction:
    """Prediction of the most probable emotion, with the answer `unsure` and the protocol of an enrolment.

    Parameters
    ----------
    unsure
        Confidence below which the emotion is `unsure`.
    enrolment
        Recordings of the same speaker that it was adapted to.

    Examples
    --------
    >>> sad = Prediction(emotion="sad", confidence=0.7, probabilities={"calm": 0.3, "sad": 0.7}, duration=2.0)
    >>> finished(sad, unsure=0.9)["emotion"], finished(sad, unsure=0.7)["emotion"]
    ('unsure', 'sad')
    """
    if not prediction["probabilities"]:
        return prediction
    found = prediction.copy()
    if found["confidence"] < unsure:
        found["emotion"] = UNSURE
    if enrolment is not None:
        found["protocol"] = enrolment.protocol
    return found


class Model(Protocol):
    """The part of a bundle that predicts.

    Examples
    --------
    >>> class Constant:
    ...     labels = ["calm", "sad"]
    ...     def of_values(self, values):
    ...         return np.tile([0.25, 0.75], (len(values), 1))
    >>> model = Constant()
    >>> model.labels[model.of_values(np.zeros((1, 3)))[0].argmax()]
    'sad'
    """

    @property
    def labels(self) -> list[str]:
        """Emotions, in the order of the probabilities."""
        ...

    def of_values(self, values: npt.NDArray[np.float32]) -> Probabilities:
        """Probability of each of `labels`, `(n_rows, n_labels)`."""
        ...
