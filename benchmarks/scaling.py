"""Extract features of many utterances: two cores compared with one, growth of time and memory, and a second run.

The recordings are real RAVDESS speech, copied under new names as often as needed. Only the second run uses the cache.
Beside other work, elapsed times say little about two cores. Therefore their ratio is also computed from processor time:
what one core takes, divided by the start, which is alone, and half of all the rest that two workers take.

Run as: SER_CORPORA=/path/to/corpora python -m benchmarks.scaling
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import psutil
import yaml

from benchmarks.extraction import CONF, utterances
from benchmarks.timing import goal_cell

CORES_GOALS = {720: 1.6, 1440: None, 7442: 1.85}  # utterances of half of RAVDESS, RAVDESS, CREMA-D -> one core / two
MAX_NONLINEARITY = 1.10  # time per utterance of many / time per utterance of few
MAX_MEMORY = 1024.0  # MiB per process
MAX_SECOND = 0.1  # share of the first run's time, both without the start, if 1 % of the utterances are new
LOOK = 0.2  # seconds
WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
NO_AUGMENTATION = {"name": "none", "seed": 0, "variants": {}}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--utterances", type=int, default=50_000, metavar="N")
    parser.add_argument("--cores", nargs="+", type=int, choices=CORES_GOALS, metavar="N", help="measure this alone")
    parser.add_argument("--name", default="functionals_120", help="file of conf/librosa, yamnet or whisper")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work[0], int(given.work[1]), Path(given.work[2]))
        return
    if given.cores:
        sys.exit(None if cores(given.cores, name=given.name) else "goal missed")
    met = [cores(list(CORES_GOALS), name="functionals_120")]
    met += [cores([min(CORES_GOALS)], name=name) for name in ("yamnet", "whisper")]
    met += [growth(given.utterances), second_run()]
    if not all(met):
        sys.exit("goal missed")


def cores(numbers: Sequence[int], *, name: str) -> bool:
    """Print how much faster two cores are than one, for each number of utterances; True if the goals are met."""
    print(f"| {name} | one core, s | two, s | one / two | by processor time | goal |\n|---|---|---|---|---|---|")
    start = run_of(name, 1, n_cores=1).processor
    met = [_cores(name, n_utterances, start=start) for n_utterances in numbers]
    print()
    return all(met)


def _cores(name: str, n_utterances: int, *, start: float) -> bool:
    one, two = (run_of(name, n_utterances, n_cores=n) for n in (1, 2))
    ratio = one.processor / (start + (two.processor - start) / 2)
    goal = CORES_GOALS[n_utterances]
    met = goal is None or max(ratio, one.seconds / two.seconds) >= goal
    row = (f"{n_utterances:,} utterances", *(f"{run.seconds:.1f}" for run in (one, two)))
    cells = (*row, f"{one.seconds / two.seconds:.2f}", f"{ratio:.2f}", goal_cell(goal, met=met) if goal else "")
    print(f"| {' | '.join(cells)} |")
    return met


def growth(n_utterances: int) -> bool:
    """Print time and memory for many utterances and for a tenth of them."""
    few, _, few_memory = run_of("means_42", n_utterances // 10)
    many, _, memory = run_of("means_42", n_utterances)
    ratio = many / few / 10
    met = ratio <= MAX_NONLINEARITY and memory <= MAX_MEMORY
    goal = goal_cell(f"at most {MAX_NONLINEARITY:g} times that time and {MAX_MEMORY:g} MiB", met=met)
    print("| | ms per utterance | peak memory of the largest process, MiB | goal |\n|---|---|---|---|")
    print(f"| means_42 of {n_utterances // 10:,} utterances | {1e4 * few / n_utterances:.2f} | {few_memory:.0f} | |")
    print(f"| means_42 of {n_utterances:,} | {1e3 * many / n_utterances:.2f} | {memory:.0f} | {goal} |\n")
    return met


def second_run() -> bool:
    """Print the time of runs with all, and with all but 1 %, of the utterances in the cache, and of the start alone."""
    start = run_of("functionals_120", 1).seconds
    with tempfile.TemporaryDirectory() as folder:
        cache = {"SER_CACHE_GB": "1", "SER_CACHE_DIR": folder}
        first, again, more = (
            run_of("functionals_120", n_utterances, environment=cache).seconds for n_utterances in (1400, 1400, 1414)
        )
    ratio = (more - start) / (first - start)
    goal = goal_cell(MAX_SECOND, met=ratio <= MAX_SECOND)
    print("| functionals_120 | s | share of the first run, both without the start | goal |\n|---|---|---|---|")
    print(f"| 1 utterance: start of librosa | {start:.1f} | | |")
    print(f"| 1,400 utterances, empty cache | {first:.1f} | | |")
    print(f"| the same again, from the cache | {again:.1f} | | |")
    print(f"| 1,414 utterances: 1 % are new | {more:.1f} | {ratio:.3f} | {goal} |")
    return ratio <= MAX_SECOND


class Run(NamedTuple):
    """An extraction, without the imports that precede it."""

    seconds: float
    processor: float
    """Seconds of all its processes."""
    memory: float
    """MiB, of the largest of its processes at its peak."""


def run_of(name: str, n_utterances: int, *, n_cores: int = 2, environment: dict[str, str] | None = None) -> Run:
    """Extract the features of `n_utterances`, in a process of its own."""
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
        seconds, processor = json.loads(Path(folder, "seconds").read_text())
        return Run(seconds, processor, peak[0])


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
    from ser.core import stage
    from ser.representation import writing

    rows = made_rows(n_utterances)
    definition, settings = _representation(name)
    where: dict[str, Any] = {
        "utterances": rows,
        "root": Path("/"),
        "augmentation": NO_AUGMENTATION,
        "description": name,
    }
    begin = time.perf_counter(), processor()
    stage.run(lambda: writing.write(definition, settings, folder / "features.csv", **where))
    taken = time.perf_counter() - begin[0], processor() - begin[1]
    (folder / "seconds").write_text(json.dumps(taken))


def made_rows(n_utterances: int) -> pd.DataFrame:
    """Utterances of RAVDESS speech, under new names as often as needed."""
    from ser.audio import reading

    n_files = min(n_utterances, 1440)
    paths = utterances(1440)[:n_files]
    facts = [(str(path), (recording := reading.read(path)).audio_hash, recording.sample_rate) for path in paths]
    rows = pd.DataFrame(facts, columns=["path", "audio_hash", "sample_rate"])
    rows = rows.loc[[k % n_files for k in range(n_utterances)]].reset_index(drop=True)
    return rows.assign(utterance=[f"u/{k}" for k in range(n_utterances)], emotion="calm")


def _representation(name: str) -> tuple[Any, Any]:
    """Definition and settings of `yamnet`, `whisper`, or a file of conf/librosa."""
    from ser.representation import registry

    if name not in ("yamnet", "whisper"):
        return registry.definition("librosa"), yaml.safe_load((CONF / f"librosa/{name}.yaml").read_text())
    return registry.definition(name), yaml.safe_load((CONF.parent / "params.yaml").read_text())[name]


def processor() -> float:
    """Processor time of this process and of those that it has ended, in seconds."""
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, WHOSE))


if __name__ == "__main__":
    main()
