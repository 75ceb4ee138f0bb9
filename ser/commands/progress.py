"""Progress of `ser predict` on standard error, if that is a terminal."""

import sys
from collections.abc import Iterator
from dataclasses import replace

from ser.audio.waveforms import Waveform
from ser.commands.prediction_output import Row
from ser.serving.inputs import Input

LONG = 300.0  # seconds of sound; they take about a second


def of_recordings(rows: Iterator[Row], n_recordings: int) -> Iterator[Row]:
    """Rows, with a progress bar for several recordings whose results are not printed on the terminal.

    Examples
    --------
    >>> list(of_recordings(iter([{"path": "a.wav"}]), 1))
    [{'path': 'a.wav'}]
    """
    if n_recordings < 2 or sys.stdout.isatty() or not sys.stderr.isatty():
        return rows
    from tqdm import tqdm

    return iter(tqdm(rows, total=n_recordings, unit="recording", desc="predict"))


def of_sound(recording: Input, *, timeline: bool) -> Input:
    """The recording, with a progress bar in seconds of sound if it is long.

    A timeline that is printed on the terminal has none, because each of its rows shows the progress.

    Examples
    --------
    >>> recording = Input([], sample_rate=16_000, duration=1.0)
    >>> of_sound(recording, timeline=False) is recording
    True
    """
    if recording.duration < LONG or not sys.stderr.isatty() or (timeline and sys.stdout.isatty()):
        return recording
    return replace(recording, blocks=_counted(recording))


def _counted(recording: Input) -> Iterator[Waveform]:
    """Blocks of a recording; each moves the bar when the next one is asked for, which is when its work is done."""
    from tqdm import tqdm

    n_samples = 0
    with tqdm(total=round(recording.duration), unit=" s of sound", desc="predict", leave=False) as bar:
        for block in recording.blocks:
            yield block
            n_samples += block.size
            bar.update(n_samples // recording.sample_rate - bar.n)
