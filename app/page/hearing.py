"""One recording, heard once: its emotion, its timeline and the beginning that is drawn."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import soundfile

from ser.audio.reading import InvalidAudio, Kind
from ser.audio.waveforms import Waveform
from ser.serving import inputs
from ser.serving.inputs import Input
from ser.serving.recognition import HOP, NO_SPEECH, Prediction, Recognizer, TimedPrediction

LONGEST = 30 * 60  # seconds that the page hears; for longer ones there is the command line
DRAWN = 30.0  # seconds of a recording that are drawn
N_WINDOWS = 300  # of a timeline, about as many as can be told apart in its picture
PLAYED = 30_000_000  # samples at most that are decoded to be heard, ten minutes at 48 kHz
PLAYABLE = (b"fLaC", b"OggS", b"ID3")  # first bytes of what every browser plays, besides WAV and MP3 without a tag

Progress = Callable[[float], object]


@dataclass(frozen=True)
class Heard:
    """What the page shows of one recording."""

    prediction: Prediction
    timeline: list[TimedPrediction]
    """Empty where the recording is no longer than the model's window."""
    hop: float
    """Seconds between the windows of the timeline."""
    beginning: Waveform
    """The first 30 s, `(n_samples,)`."""
    sample_rate: int
    """Hz."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.prediction["duration"]

    @property
    def has_speech(self) -> bool:
        """Whether there is speech, and so an emotion."""
        return self.prediction["emotion"] != NO_SPEECH


def silent(_: float) -> None:
    """Progress that nobody watches."""


def predicted(content: bytes, recognizer: Recognizer, progress: Progress = silent) -> Prediction:
    """Emotion of the recording in `content`, the bytes of a file; `progress` is told the share that is done.

    Raises
    ------
    InvalidAudio
        If it is no recording that can be used, or longer than half an hour.
    """
    with inputs.opened(content) as recording:
        if recording.duration > LONGEST:
            reason = f"{recording.duration:.0f} s long, longer than {LONGEST} s"
            raise InvalidAudio(Kind.TOO_LONG, reason, "cut it into parts")
        return recognizer.predict(_watched(recording, progress))


def heard(content: bytes, recognizer: Recognizer, progress: Progress = silent) -> Heard:
    """Everything that is shown of the recording in `content`.

    Raises
    ------
    InvalidAudio
        If it is no recording that can be used, or longer than half an hour.
    """
    prediction = predicted(content, recognizer, lambda share: progress(share / 2))
    duration = prediction["duration"]
    hop = timeline_hop(duration, recognizer.window)
    timeline: list[TimedPrediction] = []
    if duration > recognizer.window:
        with inputs.opened(content) as recording:
            for window in recognizer.timeline(recording, hop=hop):
                timeline.append(window)
                progress(0.5 + 0.5 * min(1, window["end"] / duration))
    with inputs.opened(content) as recording:
        return Heard(prediction, timeline, hop, beginning(recording, DRAWN), recording.sample_rate)


def timeline_hop(duration: float, window: float) -> float:
    """Seconds between windows: 1, and more where a timeline would have more than 300 of them, but never a gap."""
    return min(max(HOP, duration / N_WINDOWS), window)


def beginning(recording: Input, duration: float) -> Waveform:
    """First `duration` seconds of a recording; the rest is not decoded."""
    wanted = round(duration * recording.sample_rate)
    pieces, n_samples = [np.empty(0, np.float32)], 0
    for block in recording.blocks:
        pieces.append(block)
        n_samples += block.size
        if n_samples >= wanted:
            break
    return np.concatenate(pieces)[:wanted]


def playable(content: bytes) -> bytes:
    """A file that browsers play: `content` itself, or its first samples as WAV where its format is a rarer one."""
    is_mp3 = content[0] == 0xFF and content[1] & 0xE0 == 0xE0
    if content.startswith(PLAYABLE) or content[8:12] == b"WAVE" or is_mp3:
        return content
    with inputs.opened(content) as recording:
        rate = recording.sample_rate
        return wav(beginning(recording, PLAYED / rate), rate)


def wav(waveform: Waveform, sample_rate: int) -> bytes:
    """A WAV file of 16 bit."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(waveform, -1, 1), sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def media_type(content: bytes) -> str:
    """MIME type of what `playable` gives."""
    types = {b"fLaC": "audio/flac", b"OggS": "audio/ogg", b"RIFF": "audio/wav"}
    return types.get(content[:4], "audio/mpeg")


def _watched(recording: Input, progress: Progress) -> Input:
    """`recording`, that tells `progress` how much of it has been decoded."""

    def blocks() -> Iterator[Waveform]:
        n_samples = 0
        for block in recording.blocks:
            yield block
            n_samples += block.size
            progress(min(1.0, n_samples / recording.sample_rate / max(recording.duration, 1e-9)))

    return replace(recording, blocks=blocks())
