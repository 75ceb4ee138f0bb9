"""Example recordings: utterances of the demo corpus, which is synthetic speech."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.page import media
from ser.audio.waveforms import Waveform
from ser.serving import inputs

DEMO = Path("data/demo")
EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")  # in RAVDESS's order
PAUSE = 0.4  # seconds between the utterances of the long example
LONG = "All of them in a row"

Example = Callable[[], bytes]


def examples(demo: Path = DEMO) -> dict[str, Example]:
    """Name -> function that returns the file: one example of each emotion, and all in a row; empty without `demo`."""
    found = {}
    for code, emotion in enumerate(EMOTIONS, start=1):
        speaker = 1 + code % 2
        intensity = 1 if emotion == "neutral" else 2
        path = demo / f"Actor_{speaker:02}" / f"03-01-{code:02}-{intensity:02}-01-01-{speaker:02}.flac"
        if path.is_file():
            found[f"Meant to be {emotion}, voice {speaker}"] = path
    one_each: dict[str, Example] = {name: path.read_bytes for name, path in found.items()}
    return {**one_each, LONG: lambda: in_a_row(list(found.values()))} if len(found) > 1 else one_each


def in_a_row(paths: list[Path]) -> bytes:
    """Recordings of one sample rate with pauses between them, as a WAV file."""
    pieces: list[Waveform] = []
    rate = 0
    for path in paths:
        with inputs.opened(path) as recording:
            rate = recording.sample_rate
            pieces += [recording.whole(), np.zeros(round(PAUSE * rate), np.float32)]
    return media.wav(np.concatenate(pieces), rate)
