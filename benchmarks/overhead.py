"""Time the overhead of the pipeline: a `dvc repro` with nothing to do, the start of `ser`, and the imports of stages.

Run as: python -m benchmarks.overhead, in a project after `dvc repro`.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.timing import goal_cell

RUNS = 5
MAX_ABOVE_DVC = 2.0  # seconds
MAX_OVER_DVC = 1.6  # times dvc status, both by processor time
STATUS = ("status", "dvc.yaml")  # without a file it would check the studies as well
MAX_START = 0.3  # seconds
LIBRARIES = ("numpy", "scipy", "pandas", "sklearn", "matplotlib", "librosa.core", "tensorflow", "keras", "torch")


def main() -> None:
    python = sys.executable
    own = seconds([python, "-m", "dvc", *STATUS, "--quiet"])
    nothing = seconds([python, "-m", "dvc", "repro", "--quiet"])
    bare, start = seconds([python, "-c", "pass"]), seconds([python, "-m", "ser.cli", "--help"])
    above = nothing - own
    status, repro = (used([python, "-m", "dvc", *name, "--quiet"])[0] for name in (STATUS, ("repro",)))
    ratio = repro / status
    met = above <= MAX_ABOVE_DVC, start <= MAX_START, ratio <= MAX_OVER_DVC
    goals = [
        goal_cell(f"{limit:g}", met=one)
        for limit, one in zip((MAX_ABOVE_DVC, MAX_START, MAX_OVER_DVC), met, strict=True)
    ]
    print("| | s | goal |\n|---|---|---|")
    print(f"| `dvc repro` with nothing to do | {nothing:.2f} | |")
    print(f"| `dvc status`, which checks the same files | {own:.2f} | |")
    print(f"| difference: the stage `probe` and the work on `dvc.lock` | {above:.2f} | {goals[0]} |")
    print(f"| `dvc repro` / `dvc status`, by processor time | {ratio:.2f} | {goals[2]} |")
    print(f"| `ser --help`, with {bare:.2f} for Python itself | {start:.2f} | {goals[1]} |")
    print("\n| process | starts in, s of a processor | and has imported |\n|---|---|---|")
    for name, spent in {"status": status, "repro": repro}.items():
        print(f"| `dvc {name}` with nothing to do | {spent:.2f} | |")
    for path in sorted(Path("stages").glob("[!_]*.py")):
        code = f"import stages.{path.stem}, sys; print(*[name for name in {LIBRARIES} if name in sys.modules])"
        spent, printed = used([python, "-c", code])
        print(f"| `{path.stem}` | {spent:.2f} | {printed} |")
    if not all(met):
        sys.exit("goal missed")


def used(command: Sequence[str]) -> tuple[float, str]:
    """Processor time of a command and of the processes that it starts, in seconds, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # dvc status: 1, because of the probe
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout.strip()


def seconds(command: Sequence[str]) -> float:
    """Median time of a command."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    return median(times)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()  # it has no options, but --help
    main()
