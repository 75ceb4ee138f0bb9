"""`ser record`: emotion of a recording from the microphone."""

import argparse
import io
import sys
from pathlib import Path

import soundfile

from ser.audio import microphone
from ser.core import files


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the length of the recording, the file to keep it in, the model and the output format.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> parser.parse_args(["--seconds", "3"]).record_duration
    3.0
    """
    from ser.commands import predict

    parser.add_argument(
        "--seconds", dest="record_duration", type=float, default=5.0, help="length of the recording (%(default)s)"
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the recording to a file, WAV or FLAC")
    predict.add_model_options(parser)
    predict.add_format_options(parser)
    parser.set_defaults(timeline=False, hop=1.0)


def run(given: argparse.Namespace) -> str:
    """Record and predict.

    Raises
    ------
    ValueError
        If there is no microphone, or the recording cannot be used.
    """
    from ser.commands import predict

    if given.save is None:
        return predict.run(argparse.Namespace(**vars(given), paths=[], more=[]))
    content = microphone.wav_recording(given.record_duration)
    with files.replacing(given.save) as temporary:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="int16")
        soundfile.write(temporary, samples, rate)
    print(f"recorded {given.save}", file=sys.stderr)
    return predict.run(argparse.Namespace(**{**vars(given), "record_duration": None}, paths=[given.save], more=[]))
