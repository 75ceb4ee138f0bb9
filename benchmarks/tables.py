"""Compare csv and Parquet for large feature tables: time to write, join and read them, memory, and size.

Run as: python -m benchmarks.tables
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ser.core import tables
from ser.core.table_suffixes import FORMATS, in_format
from ser.representation import joining

WIDTHS = {"yamnet": 1024, "librosa": 120}  # features
ROWS = 256  # written at a time, as in extraction
MAX_MEMORY = 300.0  # MB, added by writing or joining, for any number of rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, metavar="N")
    n_rows = parser.parse_args().rows
    print(f"{n_rows} rows of {WIDTHS['yamnet']} features (write), joined with {WIDTHS['librosa']} others (join, read)")
    results: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as top:
        for name in FORMATS:
            folder = Path(top, name)
            measured(partial(write, "librosa", folder, n_rows))
            steps = {"write": partial(write, "yamnet", folder, n_rows), "join": partial(join, folder)}
            steps["read"] = partial(read, folder)
            results[name] = [measured(step) for step in steps.values()]
            for step, (seconds, memory) in zip(steps, results[name], strict=True):
                print(f"{name} {step}: {seconds:.1f} s, {memory:.0f} MB above what was there before")
            print(f"{name}: {path(folder, 'both').stat().st_size / 1e6:.0f} MB on disk")
    ratios = [ours[0] / plain[0] for plain, ours in zip(results["csv"], results["parquet"], strict=True)]
    print(
        "ratio of parquet to csv: "
        + ", ".join(f"{step} {ratio:.2f}" for step, ratio in zip(steps, ratios, strict=True))
    )
    if max(memory for both in results.values() for _, memory in both[:2]) > MAX_MEMORY:
        sys.exit(f"goal missed: writing and joining take at most {MAX_MEMORY:g} MB")


def path(folder: Path, name: str) -> Path:
    """Path of a table, in a folder with the name of its format."""
    return in_format(folder / f"{name}.csv", folder.name)


def write(name: str, folder: Path, n_rows: int) -> None:
    """Write a feature table as extraction does."""
    tables.write_parts(parts(name, n_rows), path(folder, name))


def parts(name: str, n_rows: int) -> Iterator[pd.DataFrame]:
    """Rows of a feature table with random values, `ROWS` at a time."""
    columns = [f"{name}_{k}" for k in range(WIDTHS[name])]
    generator = np.random.default_rng(0)
    for start in range(0, n_rows, ROWS):
        names = [f"ravdess/Actor_01/{k:06}" for k in range(start, min(start + ROWS, n_rows))]
        keys = pd.DataFrame({"utterance": names, "variant": tables.ORIGINAL, "emotion": "happy"})
        values = generator.normal(size=(len(names), len(columns))).astype(np.float32)
        yield pd.concat([keys, pd.DataFrame(values, columns=columns)], axis=1)


def join(folder: Path) -> None:
    """Do the work of the stage `combine`."""
    tables.write_parts(joining.combined(path(folder, "yamnet"), path(folder, "librosa")), path(folder, "both"))


def read(folder: Path) -> None:
    """Read the features, as a stage does."""
    tables.read_features(path(folder, "both"))


def measured(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds and peak memory in MB of `work`, in its own process and without the start of it."""
    context = multiprocessing.get_context("spawn")
    queue: Any = context.SimpleQueue()
    process = context.Process(target=_measure, args=(work, queue))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{work} failed")
    seconds, memory = queue.get()
    return seconds, memory


def _measure(work: Callable[[], None], queue: Any) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    work()
    queue.put((time.perf_counter() - begin, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))


if __name__ == "__main__":
    main()
