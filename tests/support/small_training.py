"""Trainings of small networks with all kinds of randomness, watched and stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ser.models import neural
from ser.models.examples import Examples
from ser.models.networks import network
from ser.models.progress import Epoch, Progress, Rules
from ser.models.settings import NetworkTraining
from tests.support.training_settings import OPTIONS, RULES

N_LABELS, N_TRAIN, N_ROWS, BATCH = 4, 28, 40, 8
LOG_MEL = (16, 20)
NETWORKS: Mapping[str, tuple[tuple[int, ...], dict[str, Any]]] = {  # small, with all kinds of randomness
    "dnn": ((6,), {"dense_units": [8], "dropouts": [0.3]}),
    "attention": (
        LOG_MEL,
        {
            "filters": [4, 4],
            "n_blocks": 1,
            "n_heads": 2,
            "dense_units": 4,
            "dropout": 0.2,
            "l2": 1e-4,
            "max_time_mask": 4,
            "max_band_mask": 3,
            "n_masks": 2,
        },
    ),
    "cnn_lstm_regularized": (
        LOG_MEL,
        {
            "cell": "lstm",
            "filters": [3],
            "recurrent_units": 4,
            "recurrent_dropout": 0.3,
            "dense_units": 4,
            "dropout": 0.2,
            "l2": 1e-3,
        },
    ),
    "cnn_gru": (
        LOG_MEL,
        {
            "cell": "gru",
            "filters": [3],
            "recurrent_units": 4,
            "recurrent_dropout": 0.0,
            "dense_units": 4,
            "dropout": 0.2,
            "l2": 0.0,
        },
    ),
    "conv_bilstm": (
        (20, 6),
        {
            "filters": [4],
            "kernel_size": 3,
            "recurrent_units": 3,
            "dense_units": [4],
            "dropout": 0.2,
            "l2": 1e-3,
        },
    ),
}


class Stopped(Exception):
    """Interruption of a training by the user or the machine."""


@dataclass
class Run:
    """Results of a training, and its observed epochs and batches."""

    model: Any
    progress: Progress
    epochs: list[int]
    """Epochs that were reported, in their order."""
    n_batches: int
    """Number of batches that were trained."""


@dataclass
class Watch:
    """Counts batches, records epochs, and stops a training at a given point."""

    stop_after: int | None = None
    stop_in_batch: int | None = None
    epochs: list[int] = field(default_factory=list)
    n_batches: int = 0

    def on_batch(self) -> None:
        self.n_batches += 1
        if self.n_batches == self.stop_in_batch:
            raise Stopped

    def on_epoch(self, epoch: int, figures: Epoch) -> None:
        assert figures
        self.epochs.append(epoch)
        if self.stop_after == len(self.epochs):
            raise Stopped


def data(name: str = "dnn", *, n_train: int = N_TRAIN, seed: int = 0) -> tuple[Examples, Examples]:
    """Training and dev examples whose labels can be learned."""
    random = np.random.default_rng(seed)
    codes = np.arange(N_ROWS) % N_LABELS
    values = random.normal(size=(N_ROWS, *NETWORKS[name][0])) + codes.reshape(-1, *[1] * len(NETWORKS[name][0]))
    rows = values.astype(np.float32)
    train, dev = np.arange(n_train), np.arange(N_TRAIN, N_ROWS)
    return Examples(rows, train, codes[train]), Examples(rows, dev, codes[dev])


def rules(**changes: Any) -> Rules:
    return Rules(**RULES | changes)


def run(
    folder: Path,
    name: str = "dnn",
    *,
    examples: tuple[Examples, Examples] | None = None,
    watch: Watch | None = None,
    given: Rules | None = None,
    seed: int = 0,
    **changes: Any,
) -> Run:
    """Train a small network with its checkpoints in `folder`; `changes` are of `OPTIONS`."""
    train, dev = examples or data(name)
    watch = watch or Watch()
    shape, settings = NETWORKS[name]
    model, progress = neural.trained(
        partial(network, name, input_shape=shape, n_labels=N_LABELS, standardisation=None, **settings),
        train,
        dev,
        n_labels=N_LABELS,
        training=NetworkTraining(**OPTIONS | changes, rules=given or rules()),
        seed=seed,
        folder=folder,
        watch=neural.Watch(watch.on_batch, watch.on_epoch),
    )
    return Run(model, progress, watch.epochs, watch.n_batches)
