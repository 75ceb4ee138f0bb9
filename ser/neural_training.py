"""Fit a network with honest probabilities: every decision on dev."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from ser import balancing, tables
from ser.features.representation import SCALED, Representation
from ser.models import checkpoints, neural
from ser.models.examples import Examples, n_batches, standardisation
from ser.models.networks import check_representation, network
from ser.models.progress import Epoch, Rules


@dataclass(frozen=True)
class Fit:
    """A trained network and how its training went."""

    model: neural.NeuralClassifier
    epochs: list[Epoch]
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

    Dev alone says when to stop, when to learn more slowly, which epoch to keep, and what temperature its probabilities
    have.

    Parameters
    ----------
    rows
        utterance, variant, emotion, synthetic, and, if the representation is a table, its features or none.
    dev
        Original rows, of the same columns. Those with an emotion that `rows` lack are left out.
    model
        name, representation, and the settings of the architecture.
    training
        batch_size, learning_rate, class_weight, deterministic, and the settings of `Rules`.
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
        are those of classifiers, or training diverges.
    """
    check_representation(model["name"], model["representation"])
    if "max_epochs" not in training:
        raise ValueError(
            f"model={model['name']} cannot be trained by the settings {', '.join(training)}; choose -S"
            " training=system_b, or another of networks"
        )
    labels = [emotion for emotion in tables.EMOTIONS if (rows["emotion"] == emotion).any()]
    dev = dev[dev["emotion"].isin(labels)]
    if dev.empty:
        raise ValueError(
            f"dev has no utterance of {', '.join(labels)}, and dev says when to stop; choose another partition"
        )
    rules = {key: value for key, value in training.items() if key in Rules.__dataclass_fields__}
    settings = {key: value for key, value in training.items() if key not in rules}
    architecture = {key: value for key, value in model.items() if key != "representation"}
    train_examples, dev_examples = (examples(part, features, labels) for part in (rows, dev))
    is_real = ~rows["synthetic"] & (rows["variant"] == tables.ORIGINAL)
    real = examples(rows[is_real], features, labels)
    build = partial(
        network,
        input_shape=train_examples.row_shape,
        n_labels=len(labels),
        standardisation=None if model["representation"] in SCALED else standardisation(real),
        **architecture,
    )
    inputs = {"model": model, "training": training, "seed": seed, "labels": labels, "is_real": is_real.tolist()}
    key = checkpoints.key(inputs, train_examples, dev_examples)
    per_epoch = n_batches(train_examples, settings["batch_size"])
    with tqdm(total=per_epoch * rules["max_epochs"], desc=description, unit="batch", disable=None) as bar:

        def show(epoch: int, figures: Epoch) -> None:
            bar.n = (epoch + 1) * per_epoch
            bar.set_postfix(
                {"epoch": epoch, **{name: f"{figures[name]:.3f}" for name in ("loss", "dev_loss", "dev_uar")}}
            )
            on_epoch(epoch, figures)

        best, progress = neural.trained(
            build,
            train_examples,
            dev_examples,
            n_labels=len(labels),
            rules=Rules(**rules),
            **settings,
            seed=seed,
            folder=checkpoints.CHECKPOINTS / run / key,
            on_batch=bar.update,
            on_epoch=show,
        )
    kept = progress.best_epoch(Rules(**rules))
    metrics = {"epoch": kept, **progress.epochs[kept], "n_parameters": best.count_params()}
    return Fit(neural.calibrated(best, labels, dev_examples), progress.epochs, metrics)


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
