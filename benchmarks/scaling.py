"""Extract features of many utterances: two cores compared with one, growth of time and memory, and a second run.

The recordings are real RAVDESS speech, copied under new names as often as needed. Only the second run uses the cache.

Run as: SER_CORPORA=/path/to/corpora python -m benchmarks.scaling
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from statistics import median

import pandas as pd
import psutil
import yaml

from benchmarks.extraction import CONF, utterances

RAVDESS_HALF, CREMA_D = 720, 7442  # utterances; the start of the workers takes seconds
MIN_CORES_RATIO = 1.8
MAX_NONLINEARITY = 1.10  # time per utterance of many / time per utterance of few
MAX_MEMORY = 1024.0  # MiB per process
MAX_SECOND = 0.1  # share of the first run's time, both without the start, if 1 % of the utterances are new
LOOK = 0.2  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--utterances", type=int, default=50_000, metavar="N")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work[0], int(given.work[1]), Path(given.work[2]))
        return
    met = [cores(), growth(given.utterances), second_run()]
    if not all(met):
        sys.exit("goal missed")


def cores() -> bool:
    """Print how much faster two cores are than one, for half of RAVDESS and for the number of utterances of CREMA-D."""
    print("| functionals_120 | one core, s | two, s | one / two | goal |\n|---|---|---|---|---|")
    _cores(RAVDESS_HALF, goal=None)
    met = _cores(CREMA_D, goal=MIN_CORES_RATIO)
    print()
    return met


def _cores(n_utterances: int, *, goal: float | None) -> bool:
    pairs = [[seconds_of("functionals_120", n_utterances, n_cores=n)[0] for n in (1, 2)] for _ in range(2)]
    one, two = (median(times) for times in zip(*pairs, strict=True))
    met = goal is None or one / two >= goal
    said = verdict(met, goal) if goal else ""
    print(f"| {n_utterances:,} utterances | {one:.1f} | {two:.1f} | {one / two:.2f} | {said} |")
    return met


def growth(n_utterances: int) -> bool:
    """Print time and memory for many utterances and for a tenth of them."""
    few, few_memory = seconds_of("means_42", n_utterances // 10)
    many, memory = seconds_of("means_42", n_utterances)
    ratio = many / few / 10
    met = ratio <= MAX_NONLINEARITY and memory <= MAX_MEMORY
    goal = verdict(met, f"at most {MAX_NONLINEARITY:g} times that time and {MAX_MEMORY:g} MiB")
    print("| | ms per utterance | peak memory of the largest process, MiB | goal |\n|---|---|---|---|")
    print(f"| means_42 of {n_utterances // 10:,} utterances | {1e4 * few / n_utterances:.2f} | {few_memory:.0f} | |")
    print(f"| means_42 of {n_utterances:,} | {1e3 * many / n_utterances:.2f} | {memory:.0f} | {goal} |\n")
    return met


def second_run() -> bool:
    """Print the time of runs with all, and with all but 1 %, of the utterances in the cache, and of the start alone."""
    start, _ = seconds_of("functionals_120", 1)
    with tempfile.TemporaryDirectory() as folder:
        cache = {"SER_CACHE_GB": "1", "SER_CACHE_DIR": folder}
        first, again, more = (
            seconds_of("functionals_120", n_utterances, environment=cache)[0] for n_utterances in (1400, 1400, 1414)
        )
    ratio = (more - start) / (first - start)
    goal = verdict(ratio <= MAX_SECOND, MAX_SECOND)
    print("| functionals_120 | s | share of the first run, both without the start | goal |\n|---|---|---|---|")
    print(f"| 1 utterance: start of librosa | {start:.1f} | | |")
    print(f"| 1,400 utterances, empty cache | {first:.1f} | | |")
    print(f"| the same again, from the cache | {again:.1f} | | |")
    print(f"| 1,414 utterances: 1 % are new | {more:.1f} | {ratio:.3f} | {goal} |")
    return ratio <= MAX_SECOND


def verdict(met: bool, goal: object) -> str:
    """A goal, and `met` or `missed`."""
    return f"{goal}: {'met' if met else 'missed'}"


def seconds_of(
    name: str, n_utterances: int, *, n_cores: int = 2, environment: dict[str, str] | None = None
) -> tuple[float, float]:
    """Seconds of the extraction without the start, and the largest peak memory of its processes in MiB."""
    settings = {"SER_CACHE_GB": "0", "LOKY_MAX_CPU_COUNT": str(n_cores)} | (environment or {})
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.scaling", "--work", name, str(n_utterances), folder]
        process = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.DEVNULL)
        peak = [0.0]
        watcher = threading.Thread(target=_watch, args=(process, peak))
        watcher.start()
        if process.wait():
            sys.exit(f"the extraction of {name} failed")
        watcher.join()
        return json.loads(Path(folder, "seconds").read_text()), peak[0]


def _watch(process: "subprocess.Popen[bytes]", peak: list[float]) -> None:
    while process.poll() is None:
        try:
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            peak[0] = max(peak[0], *(one.memory_info().rss / 2**20 for one in family))
        except psutil.Error:
            pass
        time.sleep(LOOK)


def work(name: str, n_utterances: int, folder: Path) -> None:
    """Write the feature table of `n_utterances`, as the stage does."""
    from ser.audio import reading
    from ser.core import tables
    from ser.features.spectral.librosa import functionals
    from ser.representation import tabular
    from ser.representation.extraction import one_by_one

    n_files = min(n_utterances, 1440)
    paths = utterances(1440)[:n_files]
    facts = [(str(path), (recording := reading.read(path)).audio_hash, recording.sample_rate) for path in paths]
    rows = pd.DataFrame(facts, columns=["path", "audio_hash", "sample_rate"])
    rows = rows.loc[[k % n_files for k in range(n_utterances)]].reset_index(drop=True)
    rows = rows.assign(utterance=[f"u/{k}" for k in range(n_utterances)], emotion="calm")
    extractor = one_by_one(partial(functionals, **yaml.safe_load((CONF / f"librosa/{name}.yaml").read_text())))
    begin = time.perf_counter()
    tables.write_parts(tabular.feature_rows(rows, Path("/"), extractor, description=name), folder / "features.csv")
    (folder / "seconds").write_text(json.dumps(time.perf_counter() - begin))


if __name__ == "__main__":
    main()
