"""One line in the terminal that moves while somebody speaks: time, loudness, emotion, and its probability as a bar."""

import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np

from ser.audio.waveforms import Waveform
from ser.core.wording import percent
from ser.serving import inputs
from ser.serving.live import Live, LivePrediction
from ser.serving.predictions import Prediction
from ser.serving.recognition import Recognizer
from ser.serving.windows import Window

LEVELS = " ▁▂▃▄▅▆▇█"
QUIETEST = -54.0  # decibel below full scale, of an empty level
BAR = 20  # characters


def listened(
    blocks: Iterator[Waveform], sample_rate: int, recognizer: Recognizer, show: Callable[[str], None]
) -> Prediction:
    """Predict sound while it arrives, until it ends or Ctrl-C; return the summary, which is that of a file of it.

    Parameters
    ----------
    blocks
        Pieces of sound, `(n_samples,)` or `(n_samples, n_channels)`.
    sample_rate
        Hz.
    show
        Function that shows the line, after each piece of sound.

    Raises
    ------
    InvalidAudio
        If the sound is shorter than 0.1 s.

    Examples
    --------
    >>> from ser.serving import recognition
    >>> silence = iter([np.zeros(16_000, np.float32)])
    >>> listened(silence, 16_000, recognition.load(), lambda line: print(line.strip()))["emotion"]
    1.0 s   no speech
    'no speech'
    """
    unsure, enrolment = recognizer.unsure, recognizer.enrolment
    live = Live(sample_rate, duration=recognizer.window, unsure=unsure, enrolment=enrolment)
    latest: LivePrediction | None = None
    with suppress(KeyboardInterrupt):
        for block in blocks:
            for window in live.add(block):
                latest = live.answer(window, recognizer.timed(window))
            show(line(live.duration, level(block), latest))
    for window in live.rest():
        live.answer(window, recognizer.timed(window))
    left = live.remainder()
    return live.summary(None if left is None else _last(live, left, recognizer))


def _last(live: Live, left: Window, recognizer: Recognizer) -> Prediction:
    """Prediction of the remainder of live sound."""
    if live.is_utterance:
        return recognizer.predict(inputs.of_waveform(left.waveform, left.sample_rate))
    return recognizer.timed(left)


def line(duration: float, loudness: str, latest: LivePrediction | None) -> str:
    """Text of the line, no wider than the terminal; `latest` is the last answer, if there is one.

    Examples
    --------
    >>> line(0.4, "▃", None)
    '  0.4 s ▃ listening …'
    """
    if latest is None:
        text = f"{duration:5.1f} s {loudness} listening …"
    else:
        smoothed = latest["smoothed"]
        full = "█" * round(BAR * smoothed["confidence"])
        share = f"{percent(smoothed['confidence'], digits=0):>3}%" if smoothed["probabilities"] else "    "
        text = f"{duration:5.1f} s {loudness} {smoothed['emotion']:10} {share} {full if share.strip() else ''}".rstrip()
    return text[: shutil.get_terminal_size().columns - 1]


def level(block: Waveform) -> str:
    """Loudness of a piece of sound as one character.

    Examples
    --------
    >>> level(np.zeros(4, np.float32)), level(np.ones(4, np.float32))
    (' ', '█')
    """
    power = float(np.mean(np.square(block))) if block.size else 0.0
    decibel = 10 * math.log10(max(power, 1e-12))
    step = round((1 - decibel / QUIETEST) * (len(LEVELS) - 1))
    return LEVELS[min(max(step, 0), len(LEVELS) - 1)]
