"""Share of the time of a training that is spent outside the fit of a classifier, or the compiled steps of a network.

`best_small` is trained as the stage `train` does it, on RAVDESS with EmoBox's folds. Inside its fits, matrix products
are counted as the least time of as many products of the same shapes. `cnn_lstm` is trained on the first fold for a few
epochs; its compiled step is timed on a batch that is ready. Inside the step, TensorFlow's profiler gives the time of
convolutions and matrix products, and the time that a step waits for its input.

Run as: SER_CORPORA=/path/to/corpora python -m benchmarks.shares
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.timing import fastest, goal_cell

STAGES = {
    "best_small": ("probe", "ingest", "partition", "extract_whisper", "balance"),
    "cnn_lstm": ("probe", "ingest", "partition", "extract_log_mel", "balance"),
}
MAX_SHARE = 0.15
N_EPOCHS = 3  # the first one compiles
N_CALLS = 8
ONE_CORE = dict.fromkeys(
    (
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT"),
        *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    ),
    "1",
)
PRODUCTS = ("Conv2D", "MatMul")  # parts of the names of TensorFlow's operations
INPUT = "IteratorGetNextOp::DoCompute"
Parts = dict[str, float]  # what is timed -> seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shares", description=__doc__)
    parser.add_argument("--of", choices=STAGES, help=argparse.SUPPRESS)  # for another process of this program
    of = parser.parse_args().of
    if of:
        print(json.dumps({"best_small": of_classifier, "cnn_lstm": of_network}[of]()))
        return
    parts = {model: measured(model) for model in STAGES}
    print("| training on RAVDESS, on one core | processor, s | share | goal |\n|---|---|---|---|")
    met = [table("best_small, six folds: stage `train`", parts["best_small"], inside="fits")]
    met.append(table("cnn_lstm, an epoch of the first fold", parts["cnn_lstm"], inside="compiled steps"))
    if not all(met):
        sys.exit("goal missed")


def table(title: str, parts: Parts, *, inside: str) -> bool:
    """Print the rows of a model, of whose parts the first is the whole; True if little is outside of `inside`."""
    (_, whole), *rest = parts.items()
    share = 1 - parts[inside] / whole
    met = share <= MAX_SHARE
    print(f"| {title} | {whole:.2f} | | |")
    for name, seconds in rest:
        print(f"| - {name} | {seconds:.2f} | {seconds / whole:.1%} | |")
    goal = goal_cell(f"{MAX_SHARE:.0%}", met=met)
    print(f"| - all outside of {inside} | {whole - parts[inside]:.2f} | {share:.1%} | {goal} |")
    return met


def measured(model: str) -> Parts:
    """Prepare a study of RAVDESS, and train in a process of its own, which imports no more than the stage."""
    from benchmarks.scale import run, settings
    from benchmarks.study import ROOT

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = (Path(os.environ["SER_CORPORA"]) / "ravdess").resolve()
        settings(folder, f"model={model}", "corpus=ravdess", f"corpus.root={root}", "partition=published")
        for stage in STAGES[model]:
            run(stage, folder)
        command = [sys.executable, "-m", "benchmarks.shares", "--of", model]
        environment = os.environ | ONE_CORE | {"PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"}
        done = subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: Parts = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def timed(owner: object, name: str, clock: Callable[[], float] = time.process_time) -> Iterator[list[float]]:
    """Replace a function by one that also appends the seconds of each call to a list."""
    function, taken = getattr(owner, name), list[float]()

    def measuring(*given: Any, **options: Any) -> Any:
        begin = clock()
        try:
            return function(*given, **options)
        finally:
            taken.append(clock() - begin)

    with patch.object(owner, name, measuring):
        yield taken


def of_classifier() -> Parts:
    """Train as the stage does."""
    from sklearn.linear_model import LogisticRegression

    from ser.core import stage, tables
    from ser.models import bundle, classifier_training
    from stages import train

    fitted: Counter[tuple[tuple[int, int], str, int]] = Counter()
    fit = LogisticRegression.fit

    def counting(self: Any, values: Any, *given: Any, **options: Any) -> Any:
        found = fit(self, values, *given, **options)
        fitted[values.shape, str(values.dtype), len(self.classes_)] += int(self.n_iter_.max())
        return found

    with ExitStack() as stack:
        stack.enter_context(patch.object(LogisticRegression, "fit", counting))
        fits = stack.enter_context(timed(classifier_training, "fitted"))
        reading = stack.enter_context(timed(tables, "_read"))
        saving = stack.enter_context(timed(bundle, "save"))
        stage.run(train.main)
        whole = time.process_time()
    return {
        "stage": whole,
        "fits": sum(fits),
        "of them matrix products": sum(n * of_products(*key) for key, n in fitted.items()),
        "reading and checking tables": sum(reading),
        "writing models": sum(saving),
    }


def of_products(shape: tuple[int, int], dtype: str, n_labels: int) -> float:
    """Least seconds of the two products of a step of a logistic regression: decisions, and their gradient."""
    generator = np.random.default_rng(0)
    values, weights = generator.random(shape).astype(dtype), generator.random((n_labels, shape[1])).astype(dtype)
    slopes = generator.random((shape[0], n_labels)).astype(dtype)
    products = (lambda: values @ weights.T), (lambda: slopes.T @ values)
    return sum(fastest(one, n_calls=N_CALLS) for one in products)


def of_network() -> Parts:
    """Train for some epochs as the stage does; then time the step alone, and look inside it."""
    from ser.models import checkpoints, examples, network_training, neural
    from ser.models.settings import NetworkTraining

    study = study_of_folder()
    settings = replace(study.settings, training={**study.settings.training, "max_epochs": N_EPOCHS})
    training = NetworkTraining.of(settings.training)
    rows, ends = study.balanced[study.balanced["fold"] == 0], list[float]()
    with ExitStack() as stack:
        kept = stack.enter_context(timed(checkpoints, "keep"))
        dev = stack.enter_context(timed(neural, "_dev_figures"))
        inputs = stack.enter_context(timed(examples.Batches, "__getitem__", time.thread_time))
        fit = network_training.fitted(
            *(rows, study.dev_rows(0), study.features, settings),
            run="shares",
            description="fold 0",
            on_epoch=lambda *_: ends.append(time.process_time()),
        )
    model = neural._compiled(fit.model.network, training)
    chosen = network_training.examples(rows, study.features, fit.model.classes_)
    batches = examples.Batches(chosen, training, weight=np.ones(len(fit.model.classes_), np.float32), seed=0, epoch=0)
    batch = batches[0]
    model.train_on_batch(*batch)
    steps = fastest(lambda: model.train_on_batch(*batch), n_calls=N_CALLS) * len(chosen) / training.batch_size
    of_products, of_waiting = inside_steps(lambda: model.fit(batches, shuffle=False, verbose=0))
    return {
        "epoch": median(np.diff(ends)),
        "compiled steps": steps + median(dev[1:]),
        "of them the prediction of dev": median(dev[1:]),
        "of the others, convolutions and matrix products": steps * of_products,
        "of the others, waiting for input": steps * of_waiting,
        "input, made by another thread meanwhile": median(inputs) * len(batches),
        "checkpoint": median(kept[1:]),
    }


def study_of_folder() -> Any:
    """The study in this folder, as the stage `train` reads it."""
    from stages import train

    with patch.object(train, "write_models") as write:
        train.main()
    return write.call_args.args[0]


def inside_steps(epoch: Callable[[], object]) -> tuple[float, float]:
    """Shares of the steps of an epoch that products take, and that waiting takes, by TensorFlow's profiler."""
    import tensorflow
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    epoch()  # compiles
    with tempfile.TemporaryDirectory() as folder:
        with tensorflow.profiler.experimental.Profile(folder):
            epoch()
        (path,) = Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
    taken: Counter[str] = Counter()
    (plane,) = (one for one in space.planes if one.name == "/host:CPU")
    for event in (event for line in plane.lines if line.name.startswith("tf_") for event in line.events):
        taken[plane.event_metadata[event.metadata_id].name] += event.duration_ps
    operations = {name.rpartition(":")[2]: 0 for name in taken if ":" in name and "::" not in name}
    for name, duration in taken.items():
        if name.rpartition(":")[2] in operations and "::" not in name:
            operations[name.rpartition(":")[2]] += duration
    whole = sum(operations.values())
    products = sum(duration for name, duration in operations.items() if any(one in name for one in PRODUCTS))
    return products / whole, taken[INPUT] / whole


if __name__ == "__main__":
    main()
