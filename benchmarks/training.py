"""Train networks: seconds per epoch, compared with a bare `keras.Model.fit`, and memory with an array of 4 GiB.

Run as: python -m benchmarks.training
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SHAPE = (64, 94)  # of a mel spectrogram
N_TRAIN, N_DEV = 960, 240  # utterances, as in RAVDESS with four of six folds
N_LABELS = 8
GIB = 2**30
ARRAY_SIZE = 4 * GIB  # bytes
MAX_RATIO = 1.05  # our time per epoch / time of a bare fit
MAX_ANONYMOUS = 1.5 * GIB  # bytes


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--epochs", type=int, default=9, metavar="N", help="timed pairs of epochs")
    parser.add_argument("--only", choices=("time", "memory"))
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)  # for another process of this program
    given = parser.parse_args()
    if given.memory_of:
        print(peak_of_training(given.memory_of))
        return
    met = []
    if given.only != "memory":
        met.append(time_goal(given.epochs))
    if given.only != "time":
        met.append(memory_goal())
    if not all(met):
        sys.exit("goal missed")


def time_goal(n_epochs: int) -> bool:
    """Print the ratio of the times of an epoch; return True if it meets the goal."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = list(paired_epochs(Path(folder), n_epochs))
    ratios = [ours / bare for ours, bare in pairs]
    ratio = statistics.median(ratios)
    seconds = [statistics.median(column) for column in zip(*pairs, strict=True)]
    print(f"cnn_lstm, {N_TRAIN} utterances, dev of {N_DEV}: {seconds[0]:.2f} s an epoch, bare fit {seconds[1]:.2f} s")
    print(
        f"  median ratio of {len(ratios)} pairs {ratio:.3f} (goal {MAX_RATIO}); {min(ratios):.3f} to {max(ratios):.3f}"
    )
    return ratio <= MAX_RATIO


def paired_epochs(folder: Path, n_epochs: int) -> Iterator[tuple[float, float]]:
    """Seconds per epoch of ours (mapped, with checkpoint) and of a bare fit in memory, in turns; both with dev."""
    from ser.models import backend, neural
    from ser.models.examples import Examples
    from ser.models.networks import network
    from ser.models.settings import NetworkTraining

    generator = np.random.default_rng(0)
    values = generator.random((N_TRAIN + N_DEV, *SHAPE), np.float32)
    codes = np.arange(len(values)) % N_LABELS
    np.save(folder / "array.npy", values)
    mapped = np.load(folder / "array.npy", mmap_mode="r")
    train, dev = (Examples(mapped, rows, codes[rows]) for rows in np.split(np.arange(len(values)), [N_TRAIN]))
    settings = settings_of("cnn_lstm")
    training = NetworkTraining.of({**settings["training"], "max_epochs": n_epochs + 1, "patience": None})

    def build() -> Any:
        return network(**settings["model"], input_shape=SHAPE, n_labels=N_LABELS, standardisation=None)

    backend.seed_everything(0, deterministic=training.deterministic)
    bare = build()
    bare.compile(
        backend.keras.optimizers.Adam(training.learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    fit = {"batch_size": training.batch_size, "validation_batch_size": 256, "verbose": 0}
    held = (values[N_TRAIN:], codes[N_TRAIN:])
    times: list[tuple[float, float]] = []
    started = time.perf_counter()

    def turn(epoch: int, figures: object) -> None:
        nonlocal started
        ours = time.perf_counter() - started
        started = time.perf_counter()
        bare.fit(values[:N_TRAIN], codes[:N_TRAIN], validation_data=held, **fit)
        times.append((ours, time.perf_counter() - started))
        started = time.perf_counter()

    neural.trained(
        build,
        train,
        dev,
        n_labels=N_LABELS,
        training=training,
        seed=0,
        folder=folder / "kept",
        watch=neural.Watch(lambda: None, turn),
    )
    yield from times[1:]  # the first one compiles


def settings_of(model: str) -> dict[str, Any]:
    """Composed settings of a model, without its representation."""
    from ser import params
    from ser.core.params_file import load

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "params.yaml"
        params.compose([f"model={model}"], path=path)
        settings = load("model", "training", path=path)
    settings["model"].pop("representation")
    return settings


def memory_goal() -> bool:
    """Print the largest anonymous memory during training on a mapped array; return True if it meets the goal."""
    with large_array() as path:
        command = [sys.executable, "-m", "benchmarks.training", "--memory-of", str(path)]
        peak = int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1])
    print(
        f"one epoch of dnn on an array of {ARRAY_SIZE / GIB:g} GiB: at most {peak / GIB:.2f} GiB of anonymous memory"
        f" (goal {MAX_ANONYMOUS / GIB:g})"
    )
    return peak <= MAX_ANONYMOUS


@contextmanager
def large_array() -> Iterator[Path]:
    """Write a sparse file with an array whose rows have the size of a mel spectrogram."""
    size = int(np.prod(SHAPE))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "array.npy"
        np.lib.format.open_memmap(path, "w+", np.float32, (ARRAY_SIZE // (4 * size), size)).flush()
        yield path


def peak_of_training(path: Path) -> int:
    """Largest anonymous memory of this process in bytes, during one epoch on the whole array."""
    from ser.core import tables
    from ser.models import network_training
    from ser.models.settings import Settings
    from ser.representation.reading import Representation

    array = np.load(path, mmap_mode="r")
    names = [f"ravdess/{k:06}" for k in range(len(array))]
    emotions = np.array(tables.EMOTIONS[:N_LABELS])[np.arange(len(array)) % N_LABELS]
    rows = pd.DataFrame({"utterance": names, "variant": tables.ORIGINAL, "emotion": emotions})
    labelled = rows.assign(synthetic=False)
    settings = settings_of("dnn")
    done, peaks = threading.Event(), [anonymous_memory()]

    def watch() -> None:
        while not done.wait(0.02):
            peaks.append(anonymous_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    network_training.fitted(
        labelled.iloc[N_DEV:],
        labelled.iloc[:N_DEV],
        Representation(rows, array),
        Settings(
            model={**settings["model"], "representation": "frames"},  # standardised, which reads the array once more
            training={**settings["training"], "max_epochs": 1, "batch_size": 256},
            representation={},
            seed=0,
        ),
        run=path.parent.as_posix(),  # absolute path of the checkpoints
        description="train",
        on_epoch=lambda *_: None,
    )
    done.set()
    watcher.join()
    return max(peaks)


def anonymous_memory() -> int:
    """Anonymous memory of this process in bytes (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.split("RssAnon:")[1].split()[0])


if __name__ == "__main__":
    main()
