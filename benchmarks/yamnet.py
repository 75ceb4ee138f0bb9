"""Time YAMNet on real RAVDESS speech, with imports and loading, and compare with one call a file.

Plain is `yamnet` of `benchmarks/plain.py`. Each way has its own process on one core, and they take turns. The network
is converted before, once on each machine.

Run as: SER_CORPORA=/path/to/corpora python -m benchmarks.yamnet
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tqdm import tqdm

from benchmarks.extraction import ONE_THREAD, utterances
from benchmarks.timing import goal_cell

HANDLE = "https://tfhub.dev/google/yamnet/1"
MAX_DURATION = 10.0  # seconds
WAYS = ("plain", "ours")
MIN_RATIO = 1.5
TF_THREADS = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.yamnet", description=__doc__)
    parser.add_argument("--utterances", type=int, default=200, metavar="N")
    parser.add_argument("--pairs", type=int, default=3, metavar="N")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    paths = utterances(given.utterances)
    if given.way:
        embed(given.way, paths)
        return
    embed("ours", paths[:1])  # converts the network, if that was not yet done
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in tqdm(range(given.pairs), desc="yamnet", disable=None):
        for way in WAYS:
            seconds[way].append(timed(way, len(paths)))
    ratio = median(plain / ours for plain, ours in zip(*seconds.values(), strict=True))
    print(
        f"Seconds for {len(paths)} utterances on one core, with imports and loading, median of {given.pairs} pairs:\n"
    )
    print("| | plain | ours | plain / ours | goal |\n|---|---|---|---|---|")
    times = " | ".join(f"{median(seconds[way]):.1f}" for way in WAYS)
    print(f"| yamnet | {times} | {ratio:.2f} | {goal_cell(MIN_RATIO, met=ratio >= MIN_RATIO)} |")
    if ratio < MIN_RATIO:
        sys.exit("goal missed")


def timed(way: str, n_utterances: int) -> float:
    """Seconds of one way, in a new process on one core."""
    command = [sys.executable, "-m", "benchmarks.yamnet", "--way", way, "--utterances", str(n_utterances)]
    begin = time.perf_counter()
    subprocess.run(
        command,
        env=os.environ | ONE_THREAD | TF_THREADS,
        check=True,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
    )
    return time.perf_counter() - begin


def embed(way: str, paths: list[Path]) -> None:
    """Compute the embeddings of all `paths`."""
    if way == "plain":
        from benchmarks import plain

        for path in paths:
            plain.yamnet(path)
        return
    from ser.audio import reading
    from ser.features.yamnet import yamnet

    for start in range(0, len(paths), 16):
        recordings = [reading.read(path) for path in paths[start : start + 16]]
        waveforms = [(recording.waveform, recording.sample_rate) for recording in recordings]
        yamnet.embeddings(waveforms, handle=HANDLE, max_duration=MAX_DURATION)


if __name__ == "__main__":
    main()
