"""Fit a network with honest probabilities: every decision on dev."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from joblib import cpu_count
from tqdm import tqdm

from ser.compute import processes
from ser.core import tables
from ser.models import backend, checkpoints, neural
from ser.models.backend import keras
from ser.models.examples import Examples, n_batches, standardisation
from ser.models.networks import check_representation, network
from ser.models.progress import Epoch, Progress, Rules
from ser.protocol import balancing
from ser.representation.reading import SCALED, Representation

AFTERWARDS = ("bias_correction", "refit")  # settings of what is done with a trained network

Result = TypeVar("Result")
OnFoldEpoch = Callable[[int, int, Epoch], None]  # called with fold, index of the epoch, and its figures


@dataclass(frozen=True)
class Fit:
    """A trained network and how its training went."""

    model: neural.NeuralClassifier
    before_refit: neural.NeuralClassifier | None
    """The network that did not learn from dev; None where `model` did not, either."""
    epochs: list[Epoch]
    """Of the training that dev looked at."""
    metrics: dict[str, float]
    """Index and figures of the epoch that was kept, and the number of parameters."""


def fitted(
    rows: pd.DataFrame,
    dev: pd.DataFrame,
    features: Representation,
    *,
    model: Mapping[str, Any],
    training: Mapping[str, Any],
    seed: int,
    run: str,
    description: str,
    on_epoch: Callable[[int, Epoch], None],
) -> Fit:
    """Fit the network `model` to balanced `rows` of one fold.

    Dev alone says when to stop, when to learn more slowly, which epoch to keep, and how its probabilities are
    calibrated. Where it says only the last, a second network may learn from dev, too (`training.refit`).

    Parameters
    ----------
    rows
        utterance, variant, emotion, synthetic, and, if the representation is a table, its features or none.
    dev
        Original rows, of the same columns. Those with an emotion that `rows` lack are left out.
    model
        name, representation, and the settings of the architecture.
    training
        Whether to refit and to correct biases, the settings of `Rules`, and those of `neural.trained`.
    run
        Under which an interrupted training is kept, and resumed if every input is the same.
    description
        Of the progress bar, which a terminal shows.
    on_epoch
        Called with the index and figures of every epoch, those of a resumed training included.

    Raises
    ------
    ValueError
        If there is no dev row of a known emotion, the network does not fit the representation, the training settings
        are those of classifiers or ask both for dev's decisions and for a refit, or training diverges.
    """
    check_representation(model["name"], model["representation"])
    rules, settings = divided(training)
    labels = [emotion for emotion in tables.EMOTIONS if (rows["emotion"] == emotion).any()]
    dev = dev[dev["emotion"].isin(labels)]
    if dev.empty:
        raise ValueError(
            f"dev has no utterance of {', '.join(labels)}, and dev says when to stop; choose another partition"
        )
    on = partial(trained, features, labels, rules, settings, model=model, seed=seed, run=run)
    best, progress = on(rows, dev, description=description, on_epoch=on_epoch)
    kept = progress.best_epoch(rules)
    metrics = {"epoch": kept, **progress.epochs[kept], "n_parameters": best.count_params()}
    calibration = neural.calibration_on(
        best, examples(dev, features, labels), bias_correction=training["bias_correction"]
    )
    first = neural.calibrated(best, labels, calibration)
    if not training["refit"]:
        return Fit(first, None, progress.epochs, metrics)
    both = pd.concat([rows, dev], ignore_index=True)
    best, _ = on(both, None, description=f"{description} with dev", on_epoch=lambda *_: None)
    return Fit(neural.calibrated(best, labels, calibration), first, progress.epochs, metrics)


def of_folds(
    work: Callable[[OnFoldEpoch, int], Result], folds: Sequence[int], on_epoch: OnFoldEpoch
) -> Iterator[tuple[int, Result]]:
    """Each fold, and what `work` returns for it, as soon as it is there.

    Several folds are trained side by side, each by one core, unless there is an accelerator, which they would share.

    Parameters
    ----------
    work
        Of `on_epoch`, or of what calls it from another process; and of a fold.

    Raises
    ------
    processes.Died
        If the training of a fold was killed.
    """
    if len(folds) > 1 and backend.on_cpu():
        yield from processes.side_by_side(work, folds, n_processes=min(len(folds), cpu_count()), on_message=on_epoch)
    else:
        for fold in folds:
            yield fold, work(on_epoch, fold)


def trained(
    features: Representation,
    labels: list[str],
    rules: Rules,
    settings: Mapping[str, Any],
    rows: pd.DataFrame,
    dev: pd.DataFrame | None,
    *,
    model: Mapping[str, Any],
    seed: int,
    run: str,
    description: str,
    on_epoch: Callable[[int, Epoch], None],
) -> tuple[keras.Model, Progress]:
    """A network trained on `rows`, and the figures of all epochs; see `fitted`."""
    train_examples = examples(rows, features, labels)
    dev_examples = None if dev is None else examples(dev, features, labels)
    is_real = ~rows["synthetic"] & (rows["variant"] == tables.ORIGINAL)
    scaled = model["representation"] in SCALED
    build = partial(
        network,
        input_shape=train_examples.row_shape,
        n_labels=len(labels),
        standardisation=None if scaled else standardisation(examples(rows[is_real], features, labels)),
        **{key: value for key, value in model.items() if key != "representation"},
    )
    inputs = {"model": model, "training": [asdict(rules), settings], "seed": seed, "labels": labels}
    inputs["is_real"] = is_real.tolist()
    parts = [part for part in (train_examples, dev_examples) if part is not None]
    per_epoch = n_batches(train_examples, settings["batch_size"])
    with shown(description, per_epoch, rules.max_epochs, on_epoch) as (on_batch, on_shown):
        return neural.trained(
            build,
            train_examples,
            dev_examples,
            n_labels=len(labels),
            rules=rules,
            **settings,
            seed=seed,
            folder=checkpoints.CHECKPOINTS / run / checkpoints.key(inputs, *parts),
            on_batch=on_batch,
            on_epoch=on_shown,
        )


def divided(training: Mapping[str, Any]) -> tuple[Rules, dict[str, Any]]:
    """The rules that dev is asked by, and the other settings that a network's epochs depend on.

    Raises
    ------
    ValueError
        If they are the settings of classifiers, or one is out of its range, or dev decides though there is a refit.
    """
    if "max_epochs" not in training or "batch_size" not in training:
        raise ValueError(
            f"a network cannot be trained by the settings {', '.join(training)}; choose -S training=system_b, or"
            " another of networks"
        )
    if training["batch_size"] < 1:
        raise ValueError(f"training.batch_size is {training['batch_size']}; it must be 1 or more")
    rules = Rules(**{key: value for key, value in training.items() if key in Rules.__dataclass_fields__})
    if training["refit"] and rules.asks_dev:
        raise ValueError(
            "training.refit is true, and dev decides on the training (training.select, patience, or reduce_patience);"
            " choose -S training.refit=false, or training=fine_tuning, by which it decides nothing"
        )
    of_epochs = set(training) - set(Rules.__dataclass_fields__) - set(AFTERWARDS)
    return rules, {key: value for key, value in training.items() if key in of_epochs}


@contextmanager
def shown(
    description: str, n_batches: int, max_epochs: int, on_epoch: Callable[[int, Epoch], None]
) -> Iterator[tuple[Callable[[], object], Callable[[int, Epoch], None]]]:
    """Show training as a progress bar on a terminal.

    Yields
    ------
    tuple
        What to call after every batch; and after every epoch, with its index and figures, which `on_epoch` gets, too.
    """
    # leave: of a search, whose bar is above this one, it goes when the fold is trained
    with tqdm(total=n_batches * max_epochs, desc=description, unit="batch", disable=None, leave=None) as bar:

        def show(epoch: int, figures: Epoch) -> None:
            bar.n = (epoch + 1) * n_batches
            names = ("loss", "dev_loss", "dev_uar")
            bar.set_postfix({"epoch": epoch, **{name: f"{figures[name]:.3f}" for name in names if name in figures}})
            on_epoch(epoch, figures)

        yield bar.update, show


def examples(rows: pd.DataFrame, features: Representation, labels: list[str]) -> Examples:
    """Rows of a balanced table as examples; their codes are indices of `labels`."""
    codes = np.asarray(rows["emotion"].map({label: k for k, label in enumerate(labels)}), np.intp)
    if features.array is not None:
        return Examples(features.array, features.positions(rows), codes)
    values = balancing.dereferenced(rows, features.rows)[tables.feature_columns(features.rows)].to_numpy(np.float32)
    return Examples(values, np.arange(len(rows)), codes)


def remarks(rows: pd.DataFrame, dev: pd.DataFrame) -> list[str]:
    """What a reader should know of the emotions of one fold's training and dev rows."""
    trained, checked = set(rows["emotion"]), set(dev["emotion"])
    unknown = [emotion for emotion in tables.EMOTIONS if emotion in checked - trained]
    unchecked = [emotion for emotion in tables.EMOTIONS if emotion in trained - checked]
    found = []
    if unknown:
        found.append(f"{', '.join(unknown)}: in dev, not in training; never predicted, and left out of dev's decisions")
    if unchecked:
        found.append(f"{', '.join(unchecked)}: in training, not in dev; dev's decisions know nothing of it")
    return found
