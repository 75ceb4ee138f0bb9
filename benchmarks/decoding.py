"""Processor time of decoding and resampling in the two extractions of every run, and of sharing them.

Run as: python -m benchmarks.decoding FOLDER, of recordings.

A shared step would decode each recording once, resample it to 16 kHz and keep that in the cache; both extractions would
read it there. The benchmark compares what each extraction spends on decoding with what it would spend on reading.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ser.audio import reading, waveforms
from ser.compute import cache
from ser.core.arguments import path_of

N = 200  # recordings
RATE = 16_000  # Hz


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=path_of, metavar="FOLDER", help="folder of recordings, WAV or FLAC")
    folder = parser.parse_args().folder
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".wav", ".flac"))[:N]
    if not paths:
        sys.exit(f"error: no recordings (WAV or FLAC) in {folder}; give the folder of a corpus, as data/raw/ravdess")
    recordings = [reading.read(path) for path in paths]
    at_rate = [waveforms.resampled(one.waveform, sample_rate=one.sample_rate, target=RATE) for one in recordings]
    names = [cache.key("decoded", path.name) for path in paths]
    with cache.opened() as store:
        rows = {
            "decode and check": milliseconds(reading.read, paths),
            "digest of the samples": milliseconds(lambda one: one.audio_hash, recordings),
            "resample to 16 kHz": milliseconds(
                lambda one: waveforms.resampled(one.waveform, sample_rate=one.sample_rate, target=RATE), recordings
            ),
            "write 16 kHz to the cache": milliseconds(
                lambda pair: store.write({pair[0]: pair[1].tobytes()}), list(zip(names, at_rate, strict=True))
            ),
            "read 16 kHz from the cache": milliseconds(
                lambda name: np.frombuffer(store.read([name])[0] or b"", np.float32), names
            ),
        }
    print("| | ms of a processor per recording |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value:.2f} |")


def milliseconds(function: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Processor time of `function` for one item, in ms."""
    begin = time.process_time()
    for item in items:
        function(item)
    return 1e3 * (time.process_time() - begin) / len(items)


if __name__ == "__main__":
    main()
