"""Extract features on a Dask cluster of four processes, one of which is killed, and compare with one core.

The tables must have the same bytes. Processor time, without the start of the processes, is compared: elapsed time of
four processes says nothing on fewer cores. A killed process is started anew, which costs its start once more.

Run as: SER_CORPORA=/path/to/corpora python -m benchmarks.cluster
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import yaml

from benchmarks.extraction import CONF
from benchmarks.scaling import made_rows, processor
from benchmarks.timing import goal_cell

NAME = "functionals_120"
N_PROCESSES = 4
MAX_RATIO = 1.15
FEW = N_PROCESSES * 16  # utterances, a chunk for each process


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--utterances", type=int, default=1440, metavar="N")
    n_utterances = parser.parse_args().utterances
    rows = made_rows(n_utterances)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        extracted(rows.head(1), path / "start.csv")  # the imports of this process
        few = extracted(rows.head(FEW), path / "few.csv")
        one = extracted(rows, path / "one.csv")
        start = on_cluster(rows.head(FEW), path / "few_there.csv", kills=False) - few
        ratios = {}
        for name, kills in {"none": False, "one": True}.items():
            ratios[name] = (on_cluster(rows, path / f"{name}.csv", kills=kills) - start) / one
            if (path / f"{name}.csv").read_bytes() != (path / "one.csv").read_bytes():
                sys.exit(f"the table of the cluster is another one, where {name} of its processes was killed")
    print(f"| {n_utterances:,} utterances, {NAME} | processor time / that of one core | goal |\n|---|---|---|")
    for name, ratio in ratios.items():
        goal = goal_cell(MAX_RATIO, met=ratio <= MAX_RATIO)
        print(f"| cluster of {N_PROCESSES} processes, {name} killed: the same bytes | {ratio:.2f} | {goal} |")
    print(f"\nThe start of the {N_PROCESSES} processes takes {start:.1f} s of a processor, and is not part of it.")
    if max(ratios.values()) > MAX_RATIO:
        sys.exit("goal missed")


def extracted(rows: pd.DataFrame, path: Path) -> float:
    """Write the feature table on one core; processor time in seconds."""
    with patch.dict(os.environ, SER_COMPUTE="local", LOKY_MAX_CPU_COUNT="1", SER_CACHE_GB="0"):
        return written(rows, path, victim=None)


def on_cluster(rows: pd.DataFrame, path: Path, *, kills: bool) -> float:
    """Write the feature table on a new cluster, and kill one of its processes halfway; processor time in seconds."""
    import distributed

    begin = processor()
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": "CRITICAL"}
    with distributed.LocalCluster(N_PROCESSES, **options) as cluster, distributed.Client(cluster) as client:
        victim = next(iter(client.run(os.getpid).values())) if kills else None
        address = f"dask://{cluster.scheduler_address}"
        with patch.dict(os.environ, SER_COMPUTE=address, SER_CACHE_GB="0"):
            written(rows, path, victim=victim)
    return processor() - begin  # after the end of its processes


def written(rows: pd.DataFrame, path: Path, *, victim: int | None) -> float:
    """Write the feature table, and kill the process `victim` after the first rows; processor time of this process."""
    from ser.core import tables
    from ser.features.spectral.librosa import functionals
    from ser.representation import tabular
    from ser.representation.extraction import one_by_one

    settings = yaml.safe_load((CONF / f"librosa/{NAME}.yaml").read_text())
    extractor = one_by_one(partial(functionals, **settings))
    begin = processor()
    parts = tabular.feature_rows(rows, Path("/"), extractor, description="extraction")
    tables.write_parts(killing(parts, victim), path)
    return processor() - begin


def killing(parts: Iterator[pd.DataFrame], victim: int | None) -> Iterator[pd.DataFrame]:
    """The parts; the process `victim` is killed after the first."""
    for number, part in enumerate(parts):
        if number == 0 and victim is not None:
            os.kill(victim, signal.SIGKILL)
        yield part


if __name__ == "__main__":
    main()
