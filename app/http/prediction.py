"""Prediction of the bytes of a recording, with the limits of the service."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NotRequired, TypeVar, cast

from ser.audio.reading import InvalidAudio, Kind
from ser.audio.waveforms import Waveform
from ser.serving import inputs
from ser.serving.inputs import Input
from ser.serving.predictions import Prediction, TimedPrediction
from ser.serving.recognition import Recognizer

Item = TypeVar("Item")


class Abandoned(Exception):
    """No client waits for the answer any more."""


class Answer(Prediction):
    """Prediction of a recording, and of its windows if they are wanted."""

    timeline: NotRequired[list[TimedPrediction]]


def predicted(
    recognizer: Recognizer, content: bytes, *, timeline: bool, max_seconds: float, is_wanted: Callable[[], bool]
) -> Answer:
    """Prediction of a recording, which is decoded as long as `is_wanted` returns True.

    Raises
    ------
    InvalidAudio
        If it is not audio, damaged, too short, or has samples that are not finite; or if it is longer than
        `max_seconds`, by its header or by its samples.
    Abandoned
        If `is_wanted` returns False.
    """
    with _opened(content, max_seconds, is_wanted) as recording:
        answer = cast(Answer, recognizer.predict(recording))
    if timeline:
        with _opened(content, max_seconds, is_wanted) as recording:
            answer["timeline"] = list(_while(recognizer.timeline(recording), is_wanted))
    return answer


@contextmanager
def _opened(content: bytes, max_seconds: float, is_wanted: Callable[[], bool]) -> Iterator[Input]:
    with inputs.opened(content, longest=max_seconds) as recording:
        if recording.duration > max_seconds:
            raise _too_long(max_seconds)
        blocks = _while(recording.blocks, is_wanted)
        yield replace(recording, blocks=_at_most(blocks, recording.sample_rate, max_seconds=max_seconds))


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
