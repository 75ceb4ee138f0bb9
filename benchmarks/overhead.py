"""Time the overhead of the pipeline: a `dvc repro` with nothing to do, and the start of the command `ser`.

Run as: python -m benchmarks.overhead, in a project after `dvc repro`.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median

RUNS = 5
MAX_ABOVE_DVC = 2.0  # seconds
MAX_START = 0.3  # seconds


def main() -> None:
    python = sys.executable
    own = seconds([python, "-m", "dvc", "status", "--quiet"])
    nothing = seconds([python, "-m", "dvc", "repro", "--quiet"])
    bare, start = seconds([python, "-c", "pass"]), seconds([python, "-m", "ser.cli", "--help"])
    above = nothing - own
    met = above <= MAX_ABOVE_DVC, start <= MAX_START
    words = ["met" if one else "missed" for one in met]
    print("| | s | goal |\n|---|---|---|")
    print(f"| `dvc repro` with nothing to do | {nothing:.2f} | |")
    print(f"| `dvc status`, which checks the same files | {own:.2f} | |")
    print(f"| difference: the stage `probe` | {above:.2f} | {MAX_ABOVE_DVC:g}: {words[0]} |")
    print(f"| `ser --help`, with {bare:.2f} for Python itself | {start:.2f} | {MAX_START:g}: {words[1]} |")
    if not all(met):
        sys.exit("goal missed")


def seconds(command: Sequence[str]) -> float:
    """Median time of a command."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    return median(times)


if __name__ == "__main__":
    main()
