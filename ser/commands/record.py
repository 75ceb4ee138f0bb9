"""`ser record`: emotion of a recording from the microphone."""

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from ser.audio import microphone
from ser.audio.waveforms import Waveform
from ser.core import files, quiet
from ser.core.arguments import output_file_of

SECONDS = 5.0  # length of a recording
# suffixes of formats that take one channel at 16 kHz
WRITTEN = ("wav", "flac", "ogg", "mp3", "aiff", "au", "caf", "w64")
FULL_SCALE = 2**15
WRITE = 2**16  # samples


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
        "--seconds",
        dest="record_duration",
        type=float,
        metavar="SECONDS",
        help=f"length of the recording (default: {SECONDS:g}; with --live, until Ctrl-C)",
    )
    parser.add_argument(
        "--live", action="store_true", help="show the emotion while you speak, in a line that is updated, until Ctrl-C"
    )
    parser.add_argument(
        "--save",
        type=_sound_file_of,
        metavar="FILE",
        help="write the recording to a file, such as mine.wav or mine.flac",
    )
    predict.add_model_options(parser)
    predict.add_format_options(parser)
    parser.set_defaults(timeline=False, hop=None)


def _sound_file_of(text: str) -> Path:
    """Path of a file of sound that can be written; the error comes before the recording, which would be lost."""
    path = output_file_of(text)
    if path.suffix.lower().removeprefix(".") not in WRITTEN:
        raise argparse.ArgumentTypeError(f"{path} has the suffix {path.suffix!r}; give one of {', '.join(WRITTEN)}")
    return path


def run(given: argparse.Namespace) -> str:
    """Record and predict.

    Raises
    ------
    ValueError
        If there is no microphone, or the recording cannot be used.
    """
    from ser.commands import predict

    if given.live:
        return _live(given)
    if given.record_duration is None:
        given.record_duration = SECONDS
    if given.save is None:
        return predict.run(argparse.Namespace(**vars(given), paths=[], more=[]))
    content = microphone.wav_recording(given.record_duration)
    samples, _ = soundfile.read(io.BytesIO(content), dtype="int16")
    _save(given.save, samples)
    return predict.run(argparse.Namespace(**{**vars(given), "record_duration": None}, paths=[given.save], more=[]))


def _live(given: argparse.Namespace) -> str:
    """Predict while somebody speaks, and then the whole recording."""
    from ser.commands import live_line, predict, prediction_output

    quiet.reserve_stdout()
    if given.record_duration is not None:
        microphone.check_seconds(given.record_duration)
    recognizer = predict.chosen_recognizer(given)
    kept: list[npt.NDArray[np.int16]] | None = [] if given.save else None
    blocks = _recorded(microphone.blocks(), given.record_duration, kept)
    shown = sys.stderr.isatty()

    def show(line: str) -> None:
        if shown:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    try:
        summary = live_line.listened(blocks, microphone.SAMPLE_RATE, recognizer, show)
    finally:  # also what was recorded until the microphone failed
        show("")
        if kept:
            _save(given.save, np.concatenate(kept))
    name = str(given.save or "microphone")
    row = {"path": name, **{key: value for key, value in summary.items() if key != "windows"}}
    kind = given.format or "table"
    enrolled = recognizer.enrolment is not None
    labels = recognizer.labels
    prediction_output.write([row], names=[name], labels=labels, kind=kind, timeline=False, is_enrolled=enrolled)
    for note in summary.get("notes", ()):
        print(f"note: {name}: {note}", file=sys.stderr)
    if recognizer.note and given.format is None:
        print(f"note: {recognizer.note}", file=sys.stderr)
    return ""


def _recorded(
    blocks: Iterator[Waveform], seconds: float | None, kept: list[npt.NDArray[np.int16]] | None
) -> Iterator[Waveform]:
    """Blocks of a recording of `seconds`, or without end, as 16-bit samples hold them; they are added to `kept`."""
    left = None if seconds is None else round(seconds * microphone.SAMPLE_RATE)
    for block in blocks:
        taken = block if left is None else block[:left]
        samples = np.clip(np.rint(taken * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
        if kept is not None:
            kept.append(samples)
        yield samples.astype(np.float32) / np.float32(FULL_SCALE)
        if left is not None:
            left -= taken.size
            if left <= 0:
                return


def _save(path: Path, samples: npt.NDArray[np.int16]) -> None:
    with (
        files.replacing(path) as temporary,
        soundfile.SoundFile(temporary, "w", microphone.SAMPLE_RATE, channels=1) as file,
    ):
        for start in range(0, samples.size, WRITE):  # the encoder of Ogg crashes the process at minutes in one piece
            file.write(samples[start : start + WRITE])
    print(f"recorded {path}", file=sys.stderr)
