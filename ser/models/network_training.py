"""Training of a network with calibrated probabilities; every decision is made on dev."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd
from joblib import cpu_count
from tqdm import tqdm

from ser.compute import code_digest, processes
from ser.core import tables
from ser.core.emotions import in_order
from ser.core.row_keys import is_real
from ser.models import backend, checkpoints, neural
from ser.models.backend import keras
from ser.models.examples import Examples, Values, n_batches, standardisation
from ser.models.networks import check_representation, network
from ser.models.progress import Epoch, Progress
from ser.models.settings import NetworkTraining, Settings
from ser.protocol import references
from ser.representation import registry
from ser.representation.reading import Representation

Result = TypeVar("Result")
OnEpoch = Callable[[int, Epoch], None]  # called with the index of the epoch and its figures
OnFoldEpoch = Callable[[int, int, Epoch], None]  # called with fold, index of the epoch, and its figures


@dataclass(frozen=True)
class Fit:
    """A trained network and the figures of its training.

    Examples
    --------
    >>> dense = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    >>> model = neural.NeuralClassifier(dense, ["calm", "sad"], temperature=1.5)
    >>> fit = Fit(model, before_refit=None, epochs=[{"loss": 0.5}], metrics={"epoch": 0, "n_parameters": 8})
    >>> fit.epochs[fit.metrics["epoch"]]
    {'loss': 0.5}
    """

    model: neural.NeuralClassifier
    before_refit: neural.NeuralClassifier | None
    """The network that was trained on train alone; None without a refit."""
    epochs: list[Epoch]
    """Epochs of the training that dev observed."""
    metrics: dict[str, float]
    """Index and figures of the epoch that was kept, and the number of parameters."""


@dataclass(frozen=True)
class Training:
    """All that the trainings of one fold have in common."""

    features: Representation
    labels: list[str]
    settings: Settings
    network: NetworkTraining
    run: str
    """Name under which an interrupted training is kept. It resumes if every input is the same."""

    def trained(
        self, rows: pd.DataFrame, dev: pd.DataFrame | None, *, description: str, on_epoch: OnEpoch
    ) -> tuple[keras.Model, Progress]:
        """Train a network on `rows`; return it, and the figures of all epochs."""
        train_examples = examples(rows, self.features, self.labels)
        dev_examples = None if dev is None else examples(dev, self.features, self.labels)
        parts = [part for part in (train_examples, dev_examples) if part is not None]
        real = is_real(rows)
        build = partial(
            network,
            input_shape=train_examples.row_shape,
            n_labels=len(self.labels),
            standardisation=self._standardisation(rows[real]),
            **self.settings.architecture,
        )
        per_epoch = n_batches(train_examples, self.network.batch_size)
        with shown(description, per_epoch, self.network.rules.max_epochs, on_epoch) as watch:
            return neural.trained(
                build,
                train_examples,
                dev_examples,
                n_labels=len(self.labels),
                training=self.network,
                seed=self.settings.seed,
                folder=checkpoints.CHECKPOINTS / self.run / self._key(real, parts),
                watch=watch,
            )

    def _standardisation(self, real: pd.DataFrame) -> tuple[Values, Values] | None:
        """Mean and variance of each feature over real training rows; None if the representation is scaled already."""
        if registry.definition(self.settings.model["representation"]).is_scaled:
            return None
        return standardisation(examples(real, self.features, self.labels))

    def _key(self, real: pd.Series, parts: Sequence[Examples]) -> str:
        """Hash of everything that the training depends on."""
        inputs = {
            "model": self.settings.model,
            "training": self.network.of_epochs(),
            "seed": self.settings.seed,
            "labels": self.labels,
            "is_real": real.tolist(),
        }
        return checkpoints.key(inputs, *parts, code=code_digest.digest((__name__,)))


def fitted(
    rows: pd.DataFrame,
    dev: pd.DataFrame,
    features: Representation,
    settings: Settings,
    *,
    run: str,
    description: str,
    on_epoch: OnEpoch,
) -> Fit:
    """Train the network of `settings` on balanced `rows` of one fold.

    Dev alone decides when to stop, when to reduce the learning rate, which epoch to keep, and on the calibration. If
    it decides on the calibration only, a second network may be trained on train and dev (`training.refit`).

    Parameters
    ----------
    rows
        utterance, variant, emotion, synthetic; features too, if the representation is a table and rows are synthetic.
    dev
        Original rows, with the same columns. Rows with an emotion that `rows` lack are left out.
    run
        Name under which an interrupted training is kept.
    description
        Label of the progress bar on a terminal.
    on_epoch
        Called with the index and figures of every epoch, also of the epochs before an interruption.

    Raises
    ------
    ValueError
        If dev has no row of a known emotion, the network does not fit the representation, the training settings are
        those of a classifier or out of their range, or training diverges.
    """
    check_representation(settings.name, settings.model["representation"])
    network_settings = NetworkTraining.of(settings.training)
    labels = in_order(rows["emotion"].unique())
    dev = _of_labels(dev, labels)
    training = Training(features, labels, settings, network_settings, run)
    return _fit(training, rows, dev, description=description, on_epoch=on_epoch)


def _of_labels(dev: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    known = dev[dev["emotion"].isin(labels)]
    if known.empty:
        raise ValueError(
            f"dev has no utterance of {', '.join(labels)}, and dev decides when to stop; choose another partition"
        )
    return known


def _fit(training: Training, rows: pd.DataFrame, dev: pd.DataFrame, *, description: str, on_epoch: OnEpoch) -> Fit:
    best, progress = training.trained(rows, dev, description=description, on_epoch=on_epoch)
    kept = progress.best_epoch(training.network.rules)
    metrics = {"epoch": kept, **progress.epochs[kept], "n_parameters": best.count_params()}
    dev_examples = examples(dev, training.features, training.labels)
    calibration = neural.calibration_on(best, dev_examples, bias_correction=training.network.bias_correction)
    first = neural.calibrated(best, training.labels, calibration)
    if not training.network.refit:
        return Fit(first, None, progress.epochs, metrics)
    both = pd.concat([rows, dev], ignore_index=True)
    best, _ = training.trained(both, None, description=f"{description} with dev", on_epoch=lambda *_: None)
    return Fit(neural.calibrated(best, training.labels, calibration), first, progress.epochs, metrics)


def of_folds(
    work: Callable[[OnFoldEpoch, int], Result], folds: Sequence[int], on_epoch: OnFoldEpoch
) -> Iterator[tuple[int, Result]]:
    """Apply `work` to every fold; yield each fold with its result as soon as it is finished.

    Several folds are trained side by side, each on one core. On an accelerator they are trained one after the other,
    because they would share it.

    Parameters
    ----------
    work
        Function of `on_epoch` (or of a function that calls it from another process) and of a fold.

    Raises
    ------
    processes.Died
        If the training of a fold was killed.

    Examples
    --------
    >>> list(of_folds(lambda on_epoch, fold: 10 * fold, [3], lambda fold, epoch, figures: None))
    [(3, 30)]
    """
    if len(folds) > 1 and backend.on_cpu():
        yield from processes.map_items(work, folds, n_processes=min(len(folds), cpu_count()), on_message=on_epoch)
    else:
        for fold in folds:
            yield fold, work(on_epoch, fold)


@contextmanager
def shown(description: str, n_batches: int, max_epochs: int, on_epoch: OnEpoch) -> Iterator[neural.Watch]:
    """Show training as a progress bar on a terminal.

    Yields
    ------
    Watch
        Functions that move the bar; the one for epochs also calls `on_epoch`.

    Examples
    --------
    >>> with shown("fold 0", 8, 20, lambda epoch, figures: print(epoch, figures)) as watch:
    ...     watch.on_epoch(0, {"loss": 0.5})
    0 {'loss': 0.5}
    """
    # leave=None: the bar of a fold is removed at its end if another bar, that of a search, is above it.
    with tqdm(total=n_batches * max_epochs, desc=description, unit="batch", disable=None, leave=None) as bar:

        def show(epoch: int, figures: Epoch) -> None:
            bar.n = (epoch + 1) * n_batches
            names = ("loss", "dev_loss", "dev_uar")
            bar.set_postfix({"epoch": epoch, **{name: f"{figures[name]:.3f}" for name in names if name in figures}})
            on_epoch(epoch, figures)

        yield neural.Watch(bar.update, show)


def examples(rows: pd.DataFrame, features: Representation, labels: list[str]) -> Examples:
    """Rows of a balanced table as examples; their codes are indices of `labels`.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["a"], "variant": "original", "emotion": "sad"})
    >>> made = examples(rows, Representation(rows, np.ones((1, 64, 94), np.float32)), ["calm", "sad"])
    >>> made.row_shape, made.codes.tolist()
    ((64, 94), [1])
    """
    codes = np.asarray(rows["emotion"].map({label: k for k, label in enumerate(labels)}), np.intp)
    if features.array is not None:
        return Examples(features.array, features.positions(rows), codes)
    values = references.dereferenced(rows, features.rows)[tables.feature_columns(features.rows)].to_numpy(np.float32)
    return Examples(values, np.arange(len(rows)), codes)


def remarks(rows: pd.DataFrame, dev: pd.DataFrame) -> list[str]:
    """Remarks for the reader on emotions that only training or only dev has.

    Examples
    --------
    >>> rows, dev = pd.DataFrame({"emotion": ["sad", "calm"]}), pd.DataFrame({"emotion": ["sad", "angry"]})
    >>> for line in remarks(rows, dev):
    ...     print(line)
    angry: in dev, not in training; never predicted, and dev decides without it
    calm: in training, not in dev; dev decides without it
    """
    trained, checked = set(rows["emotion"]), set(dev["emotion"])
    unknown = in_order(checked - trained)
    unchecked = in_order(trained - checked)
    found = []
    if unknown:
        found.append(f"{', '.join(unknown)}: in dev, not in training; never predicted, and dev decides without it")
    if unchecked:
        found.append(f"{', '.join(unchecked)}: in training, not in dev; dev decides without it")
    return found
