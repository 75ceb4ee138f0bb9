"""Results of one recording: its prediction, its timeline, and the beginning that is drawn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from app.page import media
from ser.audio.reading import InvalidAudio, Kind
from ser.audio.waveforms import Waveform
from ser.serving import inputs
from ser.serving.inputs import Input
from ser.serving.predictions import Prediction, TimedPrediction
from ser.serving.recognition import HOP, NO_SPEECH, Recognizer

LONGEST = 30 * 60  # seconds that the page accepts; longer recordings are for the command line
DRAWN = 30.0  # seconds of a recording that are drawn
N_WINDOWS = 300  # windows of a timeline; more cannot be distinguished in its picture

Progress = Callable[[float], object]


@dataclass(frozen=True)
class Result:
    """Everything that the page shows of one recording.

    Examples
    --------
    >>> result = Result({"emotion": "no speech", "duration": 2.0}, [], hop=1.0, beginning=[], sample_rate=16_000)
    >>> result.duration, result.has_speech
    (2.0, False)
    """

    prediction: Prediction
    timeline: list[TimedPrediction]
    """Empty if the recording is no longer than a window."""
    hop: float
    """Seconds between the windows of the timeline."""
    beginning: Waveform
    """First 30 s, `(n_samples,)`."""
    sample_rate: int
    """Hz."""
    notes: tuple[str, ...] = ()
    """Changes of the waveform, in words."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.prediction["duration"]

    @property
    def has_speech(self) -> bool:
        """True if there is speech, and therefore an emotion."""
        return self.prediction["emotion"] != NO_SPEECH


def silent(_: float) -> None:
    """Progress that is not shown."""


def prediction_of(content: bytes, recognizer: Recognizer, progress: Progress = silent) -> Prediction:
    """Prediction of the recording in `content`, the bytes of a file; `progress` gets the finished share.

    Raises
    ------
    InvalidAudio
        If the recording cannot be used, or is longer than half an hour.
    """
    with inputs.opened(content, longest=LONGEST) as recording:
        check_length(recording)
        return recognizer.predict(_watched(recording, progress))


def check_length(recording: Input) -> None:
    """Raise `InvalidAudio` if a recording is longer than half an hour."""
    if recording.duration > LONGEST:
        reason = f"{recording.duration:.0f} s long, longer than {LONGEST} s"
        raise InvalidAudio(Kind.TOO_LONG, reason, "cut it into parts")


def result_of(content: bytes, recognizer: Recognizer, progress: Progress = silent) -> Result:
    """Everything that the page shows of the recording in `content`.

    Raises
    ------
    InvalidAudio
        If the recording cannot be used, or is longer than half an hour.
    """
    prediction = prediction_of(content, recognizer, lambda share: progress(share / 2))
    duration = prediction["duration"]
    hop = timeline_hop(duration, recognizer.window)
    timeline: list[TimedPrediction] = []
    if duration > recognizer.window:
        with inputs.opened(content, longest=LONGEST) as recording:
            for window in recognizer.timeline(recording, hop=hop):
                timeline.append(window)
                progress(0.5 + 0.5 * min(1, window["end"] / duration))
    with inputs.opened(content, longest=LONGEST) as recording:
        beginning = media.beginning(recording, DRAWN)
        return Result(prediction, timeline, hop, beginning, recording.sample_rate, tuple(prediction.get("notes", ())))


def timeline_hop(duration: float, window: float) -> float:
    """Seconds between windows: 1, or more if a timeline would have more than 300 of them, but without gaps.

    Examples
    --------
    >>> timeline_hop(60.0, window=3.0), timeline_hop(600.0, window=3.0)
    (1.0, 2.0)
    """
    return min(max(HOP, duration / N_WINDOWS), window)


def _watched(recording: Input, progress: Progress) -> Input:
    """`recording`, which reports its decoded share to `progress`."""

    def blocks() -> Iterator[Waveform]:
        n_samples = 0
        for block in recording.blocks:
            yield block
            n_samples += block.size
            progress(min(1.0, n_samples / recording.sample_rate / max(recording.duration, 1e-9)))

    return replace(recording, blocks=blocks())
