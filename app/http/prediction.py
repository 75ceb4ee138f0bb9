"""Prediction of the bytes of a recording, with the limits of the service."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple, NotRequired, TypedDict, TypeVar, cast

from ser.audio.reading import InvalidAudio, Kind
from ser.audio.waveforms import Waveform
from ser.serving import enrolment, inputs, priors
from ser.serving.enrolment import Enrolment
from ser.serving.inputs import Input
from ser.serving.predictions import Prediction, TimedPrediction
from ser.serving.recognition import Recognizer

Item = TypeVar("Item")

PIECE = 3.0  # seconds of sound between two questions whether the answer is wanted


class Unadjustable(ValueError):
    """The enrolment, prior or threshold of a request cannot be used."""

    def __init__(self, reason: str, *, duration: float = 0.0) -> None:
        super().__init__(reason)
        self.duration = duration
        """Seconds of sound that were analysed all the same, which the client pays for."""


class Abandoned(Exception):
    """No client waits for the answer any more."""


class Adjustment(NamedTuple):
    """Adjustment of a model that a client has chosen."""

    enrolment: str = ""
    """Token of an enrolment."""
    prior: str = ""
    unsure: float = 0.0


NONE = Adjustment()


class Enrolled(TypedDict):
    """Enrolment for the next request of the client."""

    enrolment: str
    n_recordings: int
    n_utterances: int
    duration: float


class Answer(Prediction):
    """Prediction of a recording, and of its windows if they are wanted."""

    timeline: NotRequired[list[TimedPrediction]]


def predicted(
    recognizer: Recognizer,
    content: bytes,
    *,
    timeline: bool,
    adjustment: Adjustment = NONE,
    max_seconds: float,
    is_wanted: Callable[[], bool],
) -> Answer:
    """Prediction of a recording, as long as `is_wanted`, which is asked every 3 s of sound, returns True.

    Raises
    ------
    Unadjustable
        If the model cannot be adjusted.
    InvalidAudio
        If it is not audio, damaged, too short, or has samples that are not finite; or if it is longer than
        `max_seconds`, by its header or by its samples.
    Abandoned
        If `is_wanted` returns False.
    """
    recognizer = adjusted(recognizer, adjustment)
    with _opened(content, max_seconds, is_wanted) as recording:
        answer = cast(Answer, recognizer.predict(recording))
    if timeline:
        with _opened(content, max_seconds, is_wanted) as recording:
            answer["timeline"] = list(_while(recognizer.timeline(recording), is_wanted))
    return answer


def adjusted(recognizer: Recognizer, adjustment: Adjustment) -> Recognizer:
    """The model as a client wants it; `Unadjustable` if that is not possible."""
    if adjustment == NONE:
        return recognizer
    try:
        return recognizer.adjusted(
            enrolment=enrolment_of(adjustment, recognizer.labels),
            prior=priors.parsed([adjustment.prior]) if adjustment.prior else {},
            unsure=adjustment.unsure,
        )
    except ValueError as error:
        raise Unadjustable(str(error)) from None


def enrolment_of(adjustment: Adjustment, labels: Sequence[str]) -> Enrolment | None:
    """Enrolment that a client has sent, or None; `Unadjustable` if it or the priors are wrong."""
    try:
        priors.shares(priors.parsed([adjustment.prior]) if adjustment.prior else {}, labels)
        return enrolment.of_token(adjustment.enrolment) if adjustment.enrolment else None
    except ValueError as error:
        raise Unadjustable(str(error)) from None


def enrolled(
    recognizer: Recognizer, content: bytes, *, token: str, max_seconds: float, is_wanted: Callable[[], bool]
) -> Enrolled:
    """Enrolment of a recording, together with those of `token`.

    Raises
    ------
    Unadjustable
        If the recording has no speech, the token cannot be used, or the model cannot be adapted.
    InvalidAudio, Abandoned
        As by `predicted`.
    """
    with _opened(content, max_seconds, is_wanted) as recording:
        duration = recording.duration
        try:
            earlier = [enrolment.of_token(token).fitted(recognizer.centres)] if token else []
            enrolment.check_number(sum(one.n_utterances for one in earlier) + 1)  # before features are extracted
            found = recognizer.enrolment_of(recording)
            if found is None:
                reason = "the recording has no speech, so it is not enrolled; send one of the speaker"
                raise Unadjustable(reason, duration=duration)
            together = enrolment.merged([*earlier, found])
        except (InvalidAudio, Unadjustable):
            raise
        except ValueError as error:
            raise Unadjustable(str(error)) from None
    return Enrolled(
        enrolment=together.token,
        n_recordings=together.n_recordings,
        n_utterances=together.n_utterances,
        duration=round(duration, 3),
    )


@contextmanager
def _opened(content: bytes, max_seconds: float, is_wanted: Callable[[], bool]) -> Iterator[Input]:
    with inputs.opened(content, longest=max_seconds) as recording:
        if recording.duration > max_seconds:
            raise _too_long(max_seconds)
        blocks = _while(_pieces(recording.blocks, round(PIECE * recording.sample_rate)), is_wanted)
        yield replace(recording, blocks=_at_most(blocks, recording.sample_rate, max_seconds=max_seconds))


def _pieces(blocks: Iterable[Waveform], length: int) -> Iterator[Waveform]:
    """Consecutive pieces of at most `length` samples: a block of a low rate is minutes of sound."""
    for block in blocks:
        for start in range(0, block.size, length):
            yield block[start : start + length]


def _while(items: Iterable[Item], is_wanted: Callable[[], bool]) -> Iterator[Item]:
    for item in items:
        if not is_wanted():
            raise Abandoned
        yield item


def _at_most(blocks: Iterable[Waveform], sample_rate: int, *, max_seconds: float) -> Iterator[Waveform]:
    """`blocks`; `InvalidAudio` once they exceed `max_seconds`: a header may declare less than the file contains."""
    left = round(max_seconds * sample_rate)
    for block in blocks:
        left -= block.size
        if left < 0:
            raise _too_long(max_seconds)
        yield block


def _too_long(max_seconds: float) -> InvalidAudio:
    return InvalidAudio(Kind.TOO_LONG, f"the recording is longer than {max_seconds:g} s", "send parts of it")
