"""Time the extraction of representations from real RAVDESS speech, and compare it with plain librosa.

Plain is `benchmarks/plain.py`: librosa.load, then one call of librosa a feature. The floor is the work that no
extraction can omit: decoding, resampling, one short-time Fourier transform. SER_CORPORA has RAVDESS as FLAC, whose
decoding takes much of the time. Therefore the same recordings are also measured as WAV, the published format. All times
are for one core.

Run as: SER_CORPORA=/path/to/corpora python -m benchmarks.extraction
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import soundfile
import yaml
from tqdm import tqdm

from benchmarks.timing import goal_cell

CONF = Path(__file__).parents[1] / "conf"
BLOCK = (
    20  # utterances; the ways take turns, one block each, so that other load slows all of them alike; a block is long
)
# enough that the cold caches at its start count little
WAYS = ("plain", "ours", "floor", "decode")
MAX_OVER_FLOOR = 1.25  # our time / floor; the goal if the floor itself is slower than the goal
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

Extraction = Callable[[Path], object]


class Goal(NamedTuple):
    """A representation to measure, and its goal."""

    settings: Path
    plain: str
    """Function of `benchmarks/plain.py` to compare with."""
    ratio: float
    """Smallest accepted ratio of plain time to our time."""


GOALS: Mapping[str, Goal] = {
    "means_42": Goal(CONF / "librosa/means_42.yaml", "means_42", 3),
    "functionals_120": Goal(CONF / "librosa/functionals_120.yaml", "functionals_120", 2),
    "functionals_120_fast": Goal(CONF / "librosa/functionals_120_fast.yaml", "functionals_120", 4),
    "frames": Goal(CONF / "frames/frames_62.yaml", "frames", 3),
    "log_mel": Goal(CONF / "log_mel/mel_64.yaml", "log_mel", 3),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction", description=__doc__)
    parser.add_argument("--utterances", type=int, default=200, metavar="N")
    parser.add_argument("--only", nargs="+", choices=GOALS, default=list(GOALS), metavar="NAME", help=", ".join(GOALS))
    given = parser.parse_args()
    paths = utterances(given.utterances)
    os.environ |= ONE_THREAD  # the later processes read it when they load their libraries
    rows, met = [], []
    with tempfile.TemporaryDirectory() as folder:
        for audio_format, files in {"FLAC": paths, "WAV": as_wav(paths, Path(folder))}.items():
            for name in given.only:
                milliseconds = timed(name, files, label=f"{name}, {audio_format}")
                rows.append(row(name, audio_format, milliseconds))
                met.append(is_met(GOALS[name].ratio, milliseconds))
    print("\n".join([*header(len(paths)), *rows]))
    if not all(met):
        sys.exit("goal missed")


def utterances(n_utterances: int) -> list[Path]:
    """`n_utterances` recordings of RAVDESS speech, evenly over its actors and emotions.

    Raises
    ------
    SystemExit
        If SER_CORPORA is not set, or has fewer recordings.
    """
    if "SER_CORPORA" not in os.environ:
        sys.exit("SER_CORPORA is not set; set it to the folder that holds ravdess/ with its recordings as FLAC")
    folder = Path(os.environ["SER_CORPORA"]) / "ravdess"
    paths = sorted(folder.rglob("*.flac"))
    if not BLOCK <= n_utterances <= len(paths):
        sys.exit(f"{len(paths)} recordings (*.flac) in {folder}; choose --utterances from {BLOCK} to that number")
    return [paths[k * len(paths) // n_utterances] for k in range(n_utterances)]


def as_wav(paths: Sequence[Path], folder: Path) -> list[Path]:
    """The same recordings as 16-bit WAV files in `folder`."""
    files = [folder / f"{path.stem}.wav" for path in paths]
    for path, file in zip(paths, files, strict=True):
        samples, sample_rate = soundfile.read(path, dtype="int16")
        soundfile.write(file, samples, sample_rate)
    return files


def timed(name: str, paths: Sequence[Path], *, label: str) -> dict[str, list[float]]:
    """Milliseconds per utterance on one core, for each way to extract `name`; one value a block.

    Each way has its own process: memory that one way has allocated would speed up the other.
    """
    context = multiprocessing.get_context("spawn")
    milliseconds: dict[str, list[float]] = {way: [] for way in WAYS}
    workers: dict[str, tuple[Any, Any]] = {}
    for way in WAYS:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, name, way), daemon=True)
        process.start()
        theirs.close()
        workers[way] = process, ours
    blocks = [paths[start : start + BLOCK] for start in range(0, len(paths), BLOCK)]
    for block in tqdm(blocks, desc=label, disable=None):
        for way, (_, connection) in workers.items():
            connection.send(block)
            milliseconds[way].append(1000 * connection.recv() / len(block))
    for process, connection in workers.values():
        connection.send(None)
        process.join()
    return milliseconds


def header(n_utterances: int) -> list[str]:
    """Head of the table, in Markdown."""
    return [
        f"Milliseconds per utterance on one core: median over blocks of {BLOCK} utterances, {n_utterances} utterances"
        " of RAVDESS speech:",
        "",
        "| | format | plain | ours | floor | decoding, part of floor | plain / ours | plain / floor | goal |",
        "|---|---|---|---|---|---|---|---|---|",
    ]


def row(name: str, audio_format: str, milliseconds: Mapping[str, Sequence[float]]) -> str:
    """Row of the table: medians over blocks of the times and their ratios, and the goal."""
    ratio = GOALS[name].ratio
    times = " | ".join(f"{median(milliseconds[way]):.2f}" for way in WAYS)
    ours, floor = (over(milliseconds["plain"], milliseconds[way]) for way in ("ours", "floor"))
    if floor < ratio:
        near = over(milliseconds["ours"], milliseconds["floor"])
        instead = f"ours / floor is {near:.2f}, at most {MAX_OVER_FLOOR:g}"
        limit = f"{ratio:g} is faster than the floor; instead, {instead}"
    else:
        limit = f"{ratio:g}"
    goal = goal_cell(limit, met=is_met(ratio, milliseconds))
    return f"| {name} | {audio_format} | {times} | {ours:.2f} | {floor:.2f} | {goal} |"


def is_met(ratio: float, milliseconds: Mapping[str, Sequence[float]]) -> bool:
    """True if ours is `ratio` times faster than plain, or near the floor if the floor is slower than that."""
    if over(milliseconds["plain"], milliseconds["floor"]) < ratio:
        return over(milliseconds["ours"], milliseconds["floor"]) <= MAX_OVER_FLOOR
    return over(milliseconds["plain"], milliseconds["ours"]) >= ratio


def over(numerator: Sequence[float], denominator: Sequence[float]) -> float:
    """Median of the ratios of the blocks."""
    return median(one / other for one, other in zip(numerator, denominator, strict=True))


def extraction(name: str, way: str) -> Extraction:
    """Function of `way` that extracts `name` from the path of an utterance."""
    goal = GOALS[name]
    if way == "plain":
        from benchmarks import plain

        function: Extraction = getattr(plain, goal.plain)
        return function
    settings = yaml.safe_load(goal.settings.read_text())
    if way == "ours":
        return partial(_ours, representation=goal.settings.parent.name, settings=settings)
    return partial({"floor": _floor, "decode": _decode}[way], settings=settings)


def _ours(path: Path, *, representation: str, settings: Mapping[str, Any]) -> object:
    from ser.audio import reading
    from ser.features.spectral.frames import frames
    from ser.features.spectral.librosa import functionals
    from ser.features.spectral.log_mel import log_mel

    extractors: Mapping[str, Callable[..., object]] = {"log_mel": log_mel, "frames": frames, "librosa": functionals}
    recording = reading.read(path)
    return extractors[representation](recording.waveform, recording.sample_rate, **settings)


def _floor(path: Path, *, settings: Mapping[str, Any]) -> object:
    from ser.audio import reading, waveforms
    from ser.features.spectral.analysis import Analysis
    from ser.features.spectral.descriptors import precision

    recording = reading.read(path)
    head = recording.waveform[: int(settings.get("duration", recording.duration) * recording.sample_rate)]
    transform = {key: settings[key] for key in ("sample_rate", "n_fft", "hop_length")}
    at_rate = waveforms.resampled(head, sample_rate=recording.sample_rate, target=settings["sample_rate"])
    needed = precision(entry["name"] for entry in settings.get("descriptors", []))  # single, of a mel spectrogram
    return Analysis(at_rate, **transform, precision=needed).magnitude


def _decode(path: Path, *, settings: Mapping[str, Any]) -> object:
    from ser.audio import reading

    return reading.read(path)


def _serve(connection: Any, name: str, way: str) -> None:
    import warnings

    from threadpoolctl import threadpool_limits

    function = extraction(name, way)
    warnings.simplefilter("ignore")  # of librosa, for short octaves
    warm = False
    with threadpool_limits(1):
        while block := connection.recv():
            if not warm:  # imports and compilation by numba are not measured
                function(block[0])
                warm = True
            for path in block:
                path.read_bytes()  # into the page cache
            begin = time.process_time()
            for path in block:
                function(path)
            connection.send(time.process_time() - begin)


if __name__ == "__main__":
    main()
