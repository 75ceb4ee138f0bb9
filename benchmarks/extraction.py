"""Extract log_mel and frames from real RAVDESS speech: time of a core, and the ratio to librosa called plainly.

Plain is `tests/plain.py`: librosa.load, then one librosa call a feature. The floor is what no extraction can leave out:
decode, resample, one short-time Fourier transform. Decoding FLAC, in which SER_CORPORA has RAVDESS, takes much of both,
so the same recordings are measured as WAV too, in which they are published.

Run as: SER_CORPORA=/path/to/corpora python -m benchmarks.extraction
"""

import argparse
import multiprocessing
import os
import runpy
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import soundfile
import yaml
from tqdm import tqdm

ROOT = Path(__file__).parents[1]
SETTINGS = {"log_mel": ROOT / "conf/log_mel/mel_64.yaml", "frames": ROOT / "conf/frames/frames_62.yaml"}
BLOCK = 10  # utterances; the ways take turns block by block, so that what else the machine does slows all alike
WAYS = ("plain", "ours", "floor", "decode")
MIN_RATIO = 3.0  # plain time over ours
MAX_OVER_FLOOR = 1.25  # our time over the floor's, which is the goal where the floor itself is below MIN_RATIO
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

Extraction = Callable[[Path], object]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction", description=__doc__)
    parser.add_argument("--utterances", type=int, default=200, metavar="N")
    paths = utterances(parser.parse_args().utterances)
    os.environ |= ONE_THREAD  # read by the processes to come when they load their libraries
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        for audio_format, files in {"flac": paths, "wav": as_wav(paths, Path(folder))}.items():
            for name in SETTINGS:
                milliseconds = timed(name, files, label=f"{name}, {audio_format}")
                missed |= not reported(f"{name} of {len(files)} utterances, {audio_format}", milliseconds)
    if missed:
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
    """Milliseconds of a core an utterance of each way to extract `name`, one figure a block.

    Each way has a process of its own: what one way leaves to the memory allocator would speed up the other.
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


def reported(title: str, milliseconds: Mapping[str, Sequence[float]]) -> bool:
    """Print the medians over blocks; whether the goal is met."""
    ratio, floor_ratio = (over(milliseconds["plain"], milliseconds[way]) for way in ("ours", "floor"))
    over_floor = over(milliseconds["ours"], milliseconds["floor"])
    print(f"{title}: " + ", ".join(f"{way} {median(milliseconds[way]):.2f} ms" for way in WAYS))
    print(f"  {ratio:.2f} times faster than plain; the floor alone is {floor_ratio:.2f}", end="")
    if floor_ratio >= MIN_RATIO:
        print(f" (goal {MIN_RATIO:g})")
        return ratio >= MIN_RATIO
    print(f", so {MIN_RATIO:g} is out of reach; ours is {over_floor:.2f} of the floor's time (goal {MAX_OVER_FLOOR:g})")
    return over_floor <= MAX_OVER_FLOOR


def over(numerator: Sequence[float], denominator: Sequence[float]) -> float:
    """Median of the ratios block by block."""
    return median(one / other for one, other in zip(numerator, denominator, strict=True))


def extraction(name: str, way: str) -> Extraction:
    """What `way` does with the path of one utterance to extract `name`."""
    settings = yaml.safe_load(SETTINGS[name].read_text())
    if way == "plain":
        plain: Extraction = runpy.run_path(str(ROOT / "tests/plain.py"))[name]
        return plain
    ways: Mapping[str, Callable[..., object]] = {"ours": _ours, "floor": _floor, "decode": _decode}
    return partial(ways[way], name=name, settings=settings)


def _ours(path: Path, *, name: str, settings: Mapping[str, Any]) -> object:
    from ser import audio
    from ser.features.frames import frames
    from ser.features.log_mel import log_mel

    extractors: Mapping[str, Callable[..., object]] = {"log_mel": log_mel, "frames": frames}
    recording = audio.read(path)
    return extractors[name](recording.waveform, recording.sample_rate, **settings)


def _floor(path: Path, *, name: str, settings: Mapping[str, Any]) -> object:
    from ser import audio
    from ser.features.analysis import Analysis

    recording = audio.read(path)
    head = recording.waveform[: int(settings["duration"] * recording.sample_rate)]
    transform = {key: settings[key] for key in ("sample_rate", "n_fft", "hop_length")}
    at_rate = audio.resampled(head, sample_rate=recording.sample_rate, target=settings["sample_rate"])
    return Analysis(at_rate, **transform).magnitude


def _decode(path: Path, *, name: str, settings: Mapping[str, Any]) -> object:
    from ser import audio

    return audio.read(path)


def _serve(connection: Any, name: str, way: str) -> None:
    from threadpoolctl import threadpool_limits

    function = extraction(name, way)
    warm = False
    with threadpool_limits(1):
        while block := connection.recv():
            if not warm:  # imports and what numba loads are no part of any way
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
