"""Compare the default study on RAVDESS with nkululeko (eGeMAPS and SVM), both on EmoBox's six actor folds.

Ours is `dvc repro evaluate` in a new clone with empty caches: ingest, partition, extract, balance, train, evaluate.
nkululeko needs its own environment: `python -m venv nk && nk/bin/pip install nkululeko==1.14.1`.

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
from pathlib import Path

import yaml

from benchmarks.extraction import utterances

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
        seconds, uar = ours(Path(folder))
        their_seconds, their_uar = theirs(Path(folder), python)
    ratio = seconds / their_seconds
    print("| RAVDESS speech, EmoBox's six folds | s | UAR, % |\n|---|---|---|")
    print(f"| ours: 120 functionals, SVM | {seconds:.1f} | {100 * uar:.1f} |")
    print(f"| nkululeko {VERSION}: eGeMAPS, SVM | {their_seconds:.1f} | {100 * their_uar:.1f} |")
    print(f"| ours / nkululeko | {ratio:.2f}; goal {MAX_RATIO:.2f}: {'met' if ratio <= MAX_RATIO else 'missed'} | |")
    if ratio > MAX_RATIO:
        sys.exit("goal missed")


def ours(folder: Path) -> tuple[float, float]:
    """Seconds and UAR of the study of this project, in a new clone."""
    clone = folder / "ser"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    environment = os.environ | {"SER_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": str(clone)}
    root = (Path(os.environ["SER_CORPORA"]) / "ravdess").resolve()
    settings = ["corpus=ravdess", f"corpus.root={root}", "partition=emobox"]
    subprocess.run([sys.executable, "-m", "ser.params", *settings], cwd=clone, env=environment, check=True)
    begin = time.perf_counter()
    command = [sys.executable, "-m", "dvc", "repro", "evaluate"]
    subprocess.run(command, cwd=clone, env=environment, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    return seconds, json.loads((clone / "reports/metrics.json").read_text())["uar"]


def theirs(folder: Path, python: str) -> tuple[float, float]:
    """Seconds and UAR of the study by nkululeko."""
    folds = yaml.safe_load((ROOT / "conf/partition/emobox.yaml").read_text())
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
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seconds = time.perf_counter() - begin
    (uar,) = re.findall(r"best \(TEST\) result=([0-9.]+)\s*\Z|best \(TEST\) result=([0-9.]+)\nDONE", done.stdout)[-1:]
    return seconds, float("".join(uar))


if __name__ == "__main__":
    main()
