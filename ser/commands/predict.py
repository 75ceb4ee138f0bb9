"""`ser predict`: emotions of files, folders, and standard input."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ser.audio import sample_rates
from ser.audio.invalid import InvalidAudio
from ser.commands import Failed, adjusting, prediction_output, printable, progress
from ser.commands.prediction_output import Row
from ser.core import quiet
from ser.core.arguments import files_of, filled, path_of
from ser.core.wording import counted
from ser.models import packaged
from ser.serving import enrolling, inputs, notes, windows
from ser.serving.recognition import HOP, Recognizer

STDIN = "-"
RECORDED = 3.0  # seconds, if --record-duration has no value

Source = Path | bytes | ValueError  # the last: the reason why a folder has nothing to predict

MAX_NAMED = 3  # recordings in the last message


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the paths, the timeline, the model and the output format.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> given = parser.parse_args(["a.wav", "--timeline", "--hop", "0.5"])
    >>> given.paths, given.timeline, given.hop
    (['a.wav'], True, 0.5)
    """
    parser.add_argument(
        "paths", type=filled, nargs="*", metavar="PATH", help="files and folders; - means standard input"
    )
    parser.add_argument(
        "--file", dest="more", type=filled, action="append", default=[], metavar="FILE", help="the same as PATH"
    )
    parser.add_argument("--dir", dest="more", type=filled, action="append", metavar="FOLDER", help="the same as PATH")
    parser.add_argument(
        "--record-duration",
        type=float,
        nargs="?",
        const=RECORDED,
        metavar="SECONDS",
        help=f"record from the microphone, and predict it (without a value: {RECORDED:g} s)",
    )
    parser.add_argument("--timeline", action="store_true", help="predict the emotion over time, in a sliding window")
    parser.add_argument(
        "--hop",
        type=float,
        metavar="SECONDS",
        help=f"with --timeline: time from the start of one window to the next (default: {HOP})",
    )
    add_model_options(parser)
    add_format_options(parser)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the model, the networks that it may run, its labels, and its adjustment.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_model_options(parser)
    >>> parser.parse_args(["--model", "custom.h5", "--labels", "calm,angry"]).labels
    'calm,angry'
    """
    parser.add_argument(
        "--model",
        type=filled,
        metavar="BUNDLE",
        help=f"built-in model ({', '.join(packaged.folders())}; default: {next(iter(packaged.folders()))}); or the"
        " folder of a trained or exported model, such as models/fold_0; or a Keras file (needs --labels); or"
        " hf:OWNER/NAME, a model of the Hugging Face Hub",
    )
    parser.add_argument(
        "--network",
        dest="networks",
        action="append",
        default=[],
        metavar="NAME",
        help="network that the model may download and run although ser does not know it: a handle of TF Hub, the name"
        " of a speech encoder, or a folder; name only networks that you trust (repeatable)",
    )
    parser.add_argument("--labels", metavar="A,B,…", help="emotions of the outputs of a Keras file, in their order")
    parser.add_argument(
        "--representation",
        type=path_of,
        metavar="FILE",
        help="settings of the features that a Keras file reads, such as conf/librosa/means_42.yaml; the features are"
        " not standardised (default: conf/log_mel/mel_64.yaml)",
    )
    parser.add_argument(
        "--all-speech", action="store_true", help="do not look for speech: predict an emotion of every recording"
    )
    adjusting.add_options(parser)


def add_format_options(parser: argparse.ArgumentParser) -> None:
    """Add the output format.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_format_options(parser)
    >>> parser.parse_args(["--json"])
    Namespace(format='json')
    """
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--json", dest="format", action="store_const", const="json", help="print a list as json")
    formats.add_argument("--csv", dest="format", action="store_const", const="csv", help="print csv")


def run(given: argparse.Namespace) -> str:
    """Predict the recordings, and print each prediction at once.

    Raises
    ------
    ValueError
        If there is nothing to predict, or the model cannot be used.
    Failed
        If a recording could not be predicted.

    Examples
    --------
    >>> from contextlib import chdir
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> import soundfile
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> with TemporaryDirectory() as folder, chdir(folder):
    ...     soundfile.write("silence.wav", np.zeros(16_000), 16_000)
    ...     _ = run(parser.parse_args(["silence.wav", "--csv"]))
    path,emotion,confidence,p_neutral,p_happy,p_sad,p_angry,p_fearful,p_disgust,duration,error
    silence.wav,no speech,1.0,,,,,,,1.0,
    """
    quiet.reserve_stdout()
    paths = [*given.paths, *given.more]
    if given.record_duration is None and not paths:
        raise ValueError("nothing to predict; give files or folders, as: ser predict recording.wav")
    if given.hop is not None and not given.timeline:
        raise ValueError("--hop is only for a timeline; add --timeline, or leave out --hop")
    recognizer = chosen_recognizer(given)
    hop = (given.hop if given.hop is not None else HOP) if given.timeline else None
    if hop is not None:  # before a line is printed
        windows.check_hop(hop, recognizer.window, sample_rates.RATES[1])
    recordings = _recordings(paths)
    if given.record_duration is not None:
        from ser.audio import microphone

        recordings.append(("microphone", microphone.wav_recording(given.record_duration)))
    rows = progress.of_recordings(_rows(recordings, recognizer, hop=hop), len(recordings))
    failed = prediction_output.write(
        rows,
        names=[name for name, _ in recordings],
        labels=recognizer.labels,
        kind=given.format or "table",
        timeline=given.timeline,
        is_enrolled=recognizer.enrolment is not None,
    )
    if recognizer.note and given.format is None and len(failed) < len(recordings):
        print(f"note: {recognizer.note}", file=sys.stderr)
    if failed:
        more = f" and {len(failed) - MAX_NAMED} more" if len(failed) > MAX_NAMED else ""
        named = f"{', '.join(failed[:MAX_NAMED])}{more}"
        failures = f"{len(failed)} of {counted(len(recordings), 'recording')}"
        rows_of = "its row" if len(failed) == 1 else "their rows"
        raise Failed(f"{failures} could not be predicted: {named}; see {rows_of}")
    return ""


def chosen_recognizer(given: argparse.Namespace) -> Recognizer:
    """Recognizer of the chosen model, adjusted as the options state; its warnings are printed.

    Raises
    ------
    ValueError
        If it cannot be used, or cannot be adjusted.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_model_options(parser)
    >>> recognizer = chosen_recognizer(parser.parse_args(["--model", "ravdess", "--unsure", "0.5"]))
    >>> recognizer.labels[:3], recognizer.unsure
    (['neutral', 'calm', 'happy'], 0.5)
    """
    from ser.serving import keras_files, recognition

    if given.model is not None and keras_files.is_file_of_model(Path(given.model)):
        recognizer = keras_files.load(
            Path(given.model), given.labels, representation=given.representation, all_speech=given.all_speech
        )
    elif given.labels is not None or given.representation is not None:
        option = "--labels" if given.labels is not None else "--representation"
        raise ValueError(f"{option} is only for a Keras file, as --model custom.h5; a bundle has its own")
    else:
        recognizer = recognition.load(given.model, all_speech=given.all_speech, networks=given.networks)
    for warning in recognizer.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return adjusting.adjusted(recognizer, given)


def _recordings(paths: Iterable[str]) -> list[tuple[str, Source]]:
    """Name and source of each recording; a folder stands for all recordings below it.

    Raises
    ------
    ValueError
        If no path has a recording.
    """
    found: list[tuple[str, Source]] = []
    for path in (one for given in paths for one in files_of(given)):
        if path == STDIN:
            found.append(("-", _standard_input().read()))
        elif _is_folder(path):
            try:
                found += _recordings_in(Path(path))
            except ValueError as error:  # the other paths are predicted
                found.append((printable(path), error))
        else:
            found.append((printable(path), Path(path)))
    reasons = [source for _, source in found if isinstance(source, ValueError)]
    if found and len(reasons) == len(found):
        raise reasons[0]
    return found


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:  # such as a name that is too long; its row states the error
        return False


def _standard_input() -> BinaryIO:
    if sys.stdin is None or sys.stdin.isatty():
        raise ValueError("- means standard input, but nothing is piped into it; try: cat recording.wav | ser predict -")
    return sys.stdin.buffer


def _recordings_in(folder: Path) -> list[tuple[str, Path]]:
    """Name and path of each recording below a folder.

    Raises
    ------
    ValueError
        If there are none.
    """
    found, others = enrolling.recordings_in(folder)
    if not found:
        wanted = "WAV, FLAC, MP3, Ogg, M4A, WebM, MP4 and other formats of sound"
        raise ValueError(f"no recordings in {printable(folder)}; wanted files in {wanted}")
    for path in others:
        print(f"note: {printable(path)} is left out: it is no recording, by its name and content", file=sys.stderr)
    return [(printable(path), path) for path in found]


def _rows(recordings: Iterable[tuple[str, Source]], recognizer: Recognizer, *, hop: float | None) -> Iterator[Row]:
    """Timeline of each recording, with a window every `hop` seconds; its prediction without `hop`; or its error."""
    for name, source in recordings:
        if isinstance(source, ValueError):
            yield {"path": name, "error": str(source)}
            continue
        try:
            with inputs.opened(source) as opened:
                recording = progress.of_sound(opened, timeline=hop is not None)
                predictions = (
                    [recognizer.predict(recording)] if hop is None else recognizer.timeline(recording, hop=hop)
                )
                spoken: list[Sequence[str]] = []
                for prediction in predictions:
                    yield {"path": name, **prediction}
                    if prediction["probabilities"]:
                        spoken.append(prediction.get("notes", ()))
                for note in notes.of_all(spoken, recording.notes):
                    print(f"note: {name}: {note}", file=sys.stderr)
        except FileNotFoundError:
            yield {"path": name, "error": "no such file; check its path"}
        except OSError as error:
            yield {"path": name, "error": f"{error.strerror or error}"}
        except InvalidAudio as error:
            yield {"path": name, "error": str(error)}
