"""Time the default study on RAVDESS beside nkululeko (eGeMAPS and SVM), both on EmoBox's six actor folds.

Ours is `dvc repro evaluate` in a new clone with empty caches: ingest, partition, extract, balance, train, evaluate.
nkululeko needs its own environment: `python -m venv nk && nk/bin/pip install nkululeko==1.14.1`. Processor time, of all
processes, holds beside other work: it is the time on one core. `benchmarks.whole` has other studies of ours.

Run as: SER_CORPORA=/path/to/corpora python -m benchmarks.study --nkululeko nk/bin/python
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from benchmarks.extraction import utterances
from benchmarks.timing import goal_cell

ROOT = Path(__file__).parents[1]
MAX_RATIO = 1 / 3
VERSION = "1.14.1"
EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")  # by RAVDESS's codes
CONFIGURATION = """[EXP]
root = {folder}/
name = results
runs = 1
epochs = 1
[DATA]
databases = ['ravdess']
ravdess = {folder}/ravdess.csv
ravdess.type = csv
ravdess.absolute_path = True
ravdess.split_strategy = speaker_split
target = emotion
labels = {labels}
[FEATS]
type = ['os']
set = eGeMAPSv02
scale = standard
[MODEL]
type = svm
logo = 6
n_jobs = 2
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.study", description=__doc__)
    parser.add_argument("--nkululeko", required=True, metavar="PYTHON", help=f"interpreter with nkululeko {VERSION}")
    python = parser.parse_args().nkululeko
    with tempfile.TemporaryDirectory() as folder:
        ours, uar = of_ravdess(Path(folder))
        their, their_uar = theirs(Path(folder), python)
    ratio, of_processor = ours.seconds / their.seconds, ours.processor / their.processor
    print("| RAVDESS speech, EmoBox's six folds | s | processor, s | largest process, MiB | UAR, % |")
    print("|---|---|---|---|---|")
    print(f"| ours: 120 functionals, SVM | {cells(ours)} | {100 * uar:.1f} |")
    print(f"| nkululeko {VERSION}: eGeMAPS, SVM | {cells(their)} | {100 * their_uar:.1f} |")
    goal = goal_cell(f"{MAX_RATIO:.2f}", met=ratio <= MAX_RATIO)
    print(f"| ours / nkululeko, goal {goal} | {ratio:.2f} | {of_processor:.2f} | {ours.memory / their.memory:.2f} | |")
    if ratio > MAX_RATIO:
        sys.exit("goal missed")


class Taken(NamedTuple):
    """Time and memory of a program and of the processes that it started."""

    seconds: float
    processor: float
    """Seconds of all processes."""
    memory: float
    """MiB of the largest process."""


def cells(taken: Taken) -> str:
    """Three cells of a table.

    Examples
    --------
    >>> cells(Taken(1.0, 2.25, 300.4))
    '1.0 | 2.2 | 300'
    """
    return f"{taken.seconds:.1f} | {taken.processor:.1f} | {taken.memory:.0f}"


def taken_by(command: Sequence[str], **options: Any) -> Taken:
    """Run a program to its end, and measure it; an error of the program ends the benchmark."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, **options)
    _, status, use = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} has failed")
    return Taken(seconds, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024)


def of_ravdess(folder: Path) -> tuple[Taken, float]:
    """The study of this project up to its evaluation, and its UAR."""
    root = (Path(os.environ["SER_CORPORA"]) / "ravdess").resolve()
    settings = ["corpus=ravdess", f"corpus.root={root}", "partition=published"]
    clone, taken = ours(folder / "ser", settings, target="evaluate")
    return taken, json.loads((clone / "reports/metrics.json").read_text())["uar"]


def ours(clone: Path, settings: Sequence[str], *, target: str | None = None) -> tuple[Path, Taken]:
    """A study of this project with an empty cache, in the new clone `clone`, up to a stage; None: all stages."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    environment = os.environ | {"SER_CACHE_DIR": str(clone.with_name("cache")), "PYTHONPATH": str(clone)}
    subprocess.run([sys.executable, "-m", "ser.params", *settings], cwd=clone, env=environment, check=True)
    command = [sys.executable, "-m", "dvc", "repro", *([target] if target else [])]
    return clone, taken_by(command, cwd=clone, env=environment, stdout=subprocess.DEVNULL)


def theirs(folder: Path, python: str) -> tuple[Taken, float]:
    """The study by nkululeko, and its UAR."""
    folds = yaml.safe_load((ROOT / "conf/partition/published.yaml").read_text())
    folds = {int(actor): fold for fold, actors in enumerate(folds["folds"]) for actor in actors}
    with (folder / "ravdess.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "speaker", "gender", "emotion", "fold"])
        for path in utterances(1440):
            code, actor = (int(path.stem.split("-")[k]) for k in (2, 6))
            sex = "male" if actor % 2 else "female"
            table.writerow([path.resolve(), actor, sex, EMOTIONS[code - 1], folds[actor]])
    settings = folder / "settings.ini"
    settings.write_text(CONFIGURATION.format(folder=folder, labels=list(EMOTIONS)))
    command = [python, "-m", "nkululeko.nkululeko", "--config", str(settings)]
    log = folder / "log"
    with log.open("w") as file:
        taken = taken_by(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
    printed = log.read_text()
    (uar,) = re.findall(r"best \(TEST\) result=([0-9.]+)\s*\Z|best \(TEST\) result=([0-9.]+)\nDONE", printed)[-1:]
    return taken, float("".join(uar))


if __name__ == "__main__":
    main()
