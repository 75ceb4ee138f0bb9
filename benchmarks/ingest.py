"""Ingest many synthetic utterances: time, memory at two sizes, ratio to reading with librosa, and a second run.

Run as: python -m benchmarks.ingest
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from tqdm import tqdm

SAMPLE_RATE = 16_000  # Hz
DURATION = 2.0  # seconds
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MAX_MS = 8.0  # milliseconds per utterance on one core
MAX_GROWTH = 2.0  # kB of peak memory per utterance: enough for its name, but not for its row or samples


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--utterances", type=int, default=10_000, metavar="N")
    n_utterances = parser.parse_args().utterances
    n_few = n_utterances // 10
    with tempfile.TemporaryDirectory() as folder:
        many, few = Path(folder, "many"), Path(folder, "few")
        synthesise(many, n_utterances)
        few.mkdir()
        for path in sorted(many.iterdir())[:n_few]:
            shutil.copy(path, few)
        _, few_memory = measured(ingest, few)
        seconds, memory = measured(ingest, many)
        again, _ = measured(ingest, many)
        for path in sorted(many.iterdir())[::100]:
            reverse(path)
        more, _ = measured(ingest, many)
        plain_seconds, plain_memory = measured(read_plainly, many)
    per_utterance = 1000 * seconds / n_utterances
    growth = (memory - few_memory) / (n_utterances - n_few)
    print(f"{n_utterances} utterances of {DURATION:g} s: {per_utterance:.2f} ms of a core each (goal {MAX_MS:g})")
    print(f"peak memory: {few_memory / 1024:.0f} MB of {n_few}, {memory / 1024:.0f} MB of {n_utterances} utterances")
    samples = 4 * DURATION * SAMPLE_RATE / 1024
    print(f"  that is {growth:.2f} kB more for each (goal {MAX_GROWTH:g}); the samples of each have {samples:.0f}")
    ratios = seconds / plain_seconds, memory / plain_memory
    print(f"ratio to librosa.load one by one: time of a core {ratios[0]:.2f}, peak memory {ratios[1]:.2f}")
    print(f"again, nothing new: {again / seconds:.1%} of the time; with 1 % of new files: {more / seconds:.1%}")
    if per_utterance > MAX_MS or growth > MAX_GROWTH:
        sys.exit("goal missed")


def synthesise(folder: Path, n_utterances: int) -> None:
    """Write `n_utterances` different recordings with file names as in EmoDB."""
    folder.mkdir()
    time_axis = np.arange(round(DURATION * SAMPLE_RATE)) / SAMPLE_RATE
    generator = np.random.default_rng(0)
    for k in tqdm(range(n_utterances), desc="synthesise", disable=None):
        speaker, rest = divmod(k, n_utterances // 10 + 1)
        text, take = divmod(rest, len(LETTERS))
        name = f"{('03', '08', '09', '10', '11', '12', '13', '14', '15', '16')[speaker]}"
        name += f"{'ab'[text // 100]}{text % 100:02}{'WLEAFTN'[k % 7]}{LETTERS[take]}"
        noise = generator.normal(0, 0.01, time_axis.size)
        soundfile.write(
            folder / f"{name}.wav", 0.3 * np.sin(2 * np.pi * (100 + k % 300) * time_axis) + noise, SAMPLE_RATE
        )


def reverse(path: Path) -> None:
    """Change a recording, so that it is a different one."""
    samples, sample_rate = soundfile.read(path)
    soundfile.write(path, samples[::-1], sample_rate)


def ingest(folder: Path) -> None:
    """Do the work of the stage, with the speakers and labels of EmoDB."""
    from ser.core import tables
    from ser.corpora.labels import Scheme
    from ser.ingest.counts import Tally
    from ser.ingest.utterance_table import utterances

    label_map = dict(zip("WLEAFTN", ("angry", "boredom", "disgust", "fearful", "happy", "sad", "neutral"), strict=True))
    scheme = Scheme({}, keeps_others=True)
    corpus: dict[str, Any] = {"name": "emodb", "reader": "emodb", "label_map": label_map, "on_invalid": "error"}
    tally = Tally()
    tables.write_parts(utterances(str(folder), **corpus, scheme=scheme, tally=tally), folder.with_suffix(".csv"))
    tally.report()


def read_plainly(folder: Path) -> None:
    """Read the files one after the other with librosa, as most notebooks do."""
    import librosa

    for path in sorted(folder.iterdir()):
        librosa.load(path, sr=None)


def measured(work: Callable[[Path], None], folder: Path) -> tuple[float, float]:
    """Seconds of all cores and peak memory in kB of `work`, in its own process and without the start of it."""
    context = multiprocessing.get_context("spawn")
    queue: Any = context.SimpleQueue()
    process = context.Process(target=_measure, args=(work, folder, queue))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{work.__name__} failed")
    seconds, memory = queue.get()
    return seconds, memory


def _measure(work: Callable[[Path], None], folder: Path, queue: Any) -> None:
    import librosa  # noqa: F401  # both ways need it; its import is not timed

    import ser.ingest.utterance_table  # noqa: F401

    os.environ |= {"SER_CACHE_DIR": f"{folder}.cache", "SER_CACHE_GB": "1"}
    begin = time.process_time()
    work(folder)
    queue.put((time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


if __name__ == "__main__":
    main()
