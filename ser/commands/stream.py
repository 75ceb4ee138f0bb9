"""`ser stream`: live emotions, from the microphone or from raw audio on standard input."""

import argparse
import io
import json
import shlex
import sys
from collections.abc import Iterator
from typing import BinaryIO

from ser.audio import containers, sample_rates
from ser.audio.raw import Raw
from ser.core import quiet
from ser.core.wording import percent
from ser.serving.mixed_windows import Samples, windowed
from ser.serving.predictions import TimedPrediction
from ser.serving.recognition import HOP

CODINGS = ("s16le", "f32le")
PIPE = 2**16  # most bytes of one read
PIPED = "ffmpeg -i x.wav -f s16le -ar 16000 -ac 1 - | ser stream"
NO_AUDIO = f"no audio came on standard input; pipe raw samples in, as: {PIPED}"
OF_FOREIGN = ("mov", "matroska")  # whose marks are so long that raw samples do not begin with them


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the source of the audio, its format, and the model.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> given = parser.parse_args(["-", "--rate", "8000"])
    >>> given.source, given.rate, given.channels, given.coding
    ('-', 8000, 1, 's16le')
    """
    from ser.commands import predict

    parser.add_argument(
        "source",
        nargs="?",
        type=_source,  # before the choices, for the remedy
        choices=["-", "microphone"],
        help="- means raw audio on standard input (default: - if standard input is a pipe, else microphone)",
    )
    parser.add_argument(
        "--rate", type=int, default=16_000, metavar="HZ", help="sample rate of the raw audio (default: %(default)s)"
    )
    parser.add_argument(
        "--channels",
        type=int,
        default=1,
        metavar="N",
        help="interleaved channels of the raw audio (default: %(default)s)",
    )
    parser.add_argument(
        "--format",
        dest="coding",
        choices=CODINGS,
        default="s16le",
        help="format of the samples of the raw audio (default: %(default)s)",
    )
    parser.add_argument(
        "--hop",
        type=float,
        default=HOP,
        metavar="SECONDS",
        help="time from the start of one window to the next (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one json object for each window")
    predict.add_model_options(parser)


def _source(text: str) -> str:
    """The source, if it is one; the error has the command for a file."""
    if text not in ("-", "microphone"):
        remedy = f"for a file: ser predict --timeline {shlex.quote(text)}"
        raise argparse.ArgumentTypeError(f"{text!r} is neither - nor microphone; {remedy}")
    return text


def run(given: argparse.Namespace) -> str:
    """Print one line a window, until the audio ends or Ctrl-C is pressed.

    Raises
    ------
    ValueError
        If no audio arrives, or the raw audio does not have the given format.

    Examples
    --------
    >>> import io
    >>> from unittest.mock import patch
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> silence = io.TextIOWrapper(io.BytesIO(bytes(2 * 64_000)))  # 4 s of 16-bit samples at 16 kHz
    >>> with patch("sys.stdin", silence):
    ...     _ = run(parser.parse_args(["-", "--hop", "1"]))
        0.0 to     3.0 s  no speech   100.0%
        1.0 to     4.0 s  no speech   100.0%
    """
    from ser.audio import microphone
    from ser.commands import predict

    quiet.reserve_stdout()
    piped = given.source == "-" or (given.source is None and sys.stdin is not None and not sys.stdin.isatty())
    if piped and sys.stdin is None:
        raise ValueError(NO_AUDIO)
    rate = sample_rates.check(given.rate) if piped else microphone.SAMPLE_RATE
    if given.channels < 1:
        raise ValueError(f"--channels is {given.channels}; it must be 1 or more")
    recognizer = predict.chosen_recognizer(given)
    blocks = decoded(sys.stdin.buffer, given.coding, given.channels) if piped else microphone.blocks()
    n_lines = 0
    for window in windowed(blocks, rate, duration=recognizer.window, hop=given.hop):
        prediction = recognizer.timed(window)
        print(json.dumps(prediction, ensure_ascii=False) if given.json else line(prediction), flush=True)
        n_lines += 1
    if not n_lines:
        raise ValueError(NO_AUDIO)
    return ""


def line(prediction: TimedPrediction) -> str:
    """Text of the prediction of one window: times, emotion, and the two next emotions.

    Examples
    --------
    >>> prediction = {"emotion": "sad", "confidence": 0.7, "probabilities": {"sad": 0.7, "calm": 0.3}}
    >>> line({"start": 0.0, "end": 3.0, **prediction})
    '    0.0 to     3.0 s  sad          70.0%   calm 30.0%'
    """
    times = f"{prediction['start']:7.1f} to {prediction['end']:7.1f} s"
    others = sorted(prediction["probabilities"].items(), key=lambda one: -one[1])[1:3]
    second = "  ".join(f"{label} {percent(share)}%" for label, share in others)
    return f"{times}  {prediction['emotion']:10}  {percent(prediction['confidence']):>5}%   {second}".rstrip()


def decoded(file: BinaryIO, coding: str, n_channels: int) -> Iterator[Samples]:
    """Blocks of raw audio, `(n_samples, n_channels)`, with full scale 1; an incomplete last sample is left out.

    Raises
    ------
    ValueError
        If it begins as a file of sound, whose header is no samples.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> file = io.BufferedReader(io.BytesIO(np.array([0, 16384, 0, -16384], "<i2").tobytes()))
    >>> [block.tolist() for block in decoded(file, "s16le", 2)]
    [[[0.0, 0.5], [0.0, -0.5]]]
    """
    raw, is_first = Raw(coding, n_channels=n_channels), True
    while piece := file.read1(PIPE):  # type: ignore[attr-defined]
        if is_first and _is_file(piece):
            raise ValueError(f"standard input is a file of sound; wanted raw samples, as: {PIPED}; or: ser predict -")
        is_first = False
        yield raw(piece)


def _is_file(head: bytes) -> bool:
    """True for the head of a file of sound, other than MPEG, whose two bytes of mark are also those of samples."""
    start = io.BytesIO(head)
    foreign = containers.foreign(start)
    return containers.demuxer(start) not in (None, containers.MPEG) or (
        foreign is not None and foreign.demuxer in OF_FOREIGN
    )
