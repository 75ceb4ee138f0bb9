"""What the service predicts of the bytes of a recording."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NotRequired, TypeVar, cast

from ser.audio.waveforms import Waveform

from ser.serving import inputs
from ser.serving.inputs import Input
from ser.serving.recognition import Prediction, Recognizer, TimedPrediction

Item = TypeVar("Item")


class TooLong(Exception):
    """A recording is longer than it may be."""


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


class Answer(Prediction):
    """A prediction, and if asked for, of each second."""

    timeline: NotRequired[list[TimedPrediction]]


def predicted(
    recognizer: Recognizer, content: bytes, *, timeline: bool, max_seconds: float, is_wanted: Callable[[], bool]
) -> Answer:
    """Prediction of a recording, decoded as far as `is_wanted` says yes.

    Raises
    ------
    InvalidAudio
        If it is no audio, is damaged, too short, or has samples that are not finite.
    TooLong
        If it is longer than `max_seconds`; told by its header, and then by its samples.
    Abandoned
        If it is not wanted any more.
    """
    with _opened(content, max_seconds, is_wanted) as recording:
        answer = cast(Answer, recognizer.predict(recording))
    if timeline:
        with _opened(content, max_seconds, is_wanted) as recording:
            answer["timeline"] = list(_while(recognizer.timeline(recording), is_wanted))
    return answer


@contextmanager
def _opened(content: bytes, max_seconds: float, is_wanted: Callable[[], bool]) -> Iterator[Input]:
    with inputs.opened(content) as recording:
        if recording.duration > max_seconds:
            raise TooLong
        most = round(max_seconds * recording.sample_rate)
        yield replace(recording, blocks=_at_most(_while(recording.blocks, is_wanted), most))


def _while(items: Iterable[Item], is_wanted: Callable[[], bool]) -> Iterator[Item]:
    for item in items:
        if not is_wanted():
            raise Abandoned
        yield item


def _at_most(blocks: Iterable[Waveform], n_samples: int) -> Iterator[Waveform]:
    """`blocks`; `TooLong` once they have more samples: a header may say less than there is."""
    left = n_samples
    for block in blocks:
        left -= block.size
        if left < 0:
            raise TooLong
        yield block
