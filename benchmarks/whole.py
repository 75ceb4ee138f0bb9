"""Time whole studies, each in a new clone with an empty cache: all stages, as `make pipeline` after the installation.

Beside other work only processor time, of all processes, says something; two cores take half of it at least.

Run as: SER_CORPORA=/path/to/corpora python -m benchmarks.whole
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.study import cells, ours
from benchmarks.timing import goal_cell

GOALS = {"demo": 60.0, "crema_d": 240.0}  # seconds on two idle cores
TITLES = {"demo": "demo corpus, 360 utterances: `make pipeline`", "crema_d": "CREMA-D, 7,442 utterances"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=GOALS, default=list(GOALS), metavar="NAME", help=", ".join(GOALS))
    names = parser.parse_args().only
    print("| default study | s | processor, s | largest process, MiB | goal, s |\n|---|---|---|---|---|")
    met = [is_met(name) for name in names]
    if not all(met):
        sys.exit("goal missed")


def is_met(name: str) -> bool:
    """Run the default study of a corpus, print what it takes, and tell if its goal is met."""
    root = [] if name == "demo" else [f"corpus.root={(Path(os.environ['SER_CORPORA']) / name).resolve()}"]
    with tempfile.TemporaryDirectory() as folder:
        _, taken = ours(Path(folder) / "ser", [f"corpus={name}", *root])
    met = taken.seconds <= GOALS[name]
    print(f"| {TITLES[name]} | {cells(taken)} | {goal_cell(f'{GOALS[name]:.0f}', met=met)} |", flush=True)
    return met


if __name__ == "__main__":
    main()
