"""Train a network epoch by epoch, as dev says; resume where it was stopped; predict."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import recall_score

from ser.models import backend, calibration, checkpoints, networks
from ser.models.backend import keras
from ser.models.calibration import Calibration, Probabilities
from ser.models.examples import CHUNK, Batches, Examples, Values, class_weights
from ser.models.progress import Epoch, Progress, Rules

MAX_REASON = 400  # characters of an error of Keras


@dataclass(frozen=True)
class NeuralClassifier:
    """A trained network with what scikit-learn's classifiers have."""

    network: keras.Model
    classes_: list[str]
    """Emotions, in the order of the network's output."""
    temperature: float
    """By which its logits are divided."""

    def predict_proba(self, values: Values) -> Probabilities:
        """Probability of each of `classes_`, `(n_rows, n_labels)`.

        Raises
        ------
        ValueError
            If the rows have another shape than those that it was trained on.
        """
        wanted = tuple(self.network.input_shape[1:])
        if values.shape[1:] != wanted:
            raise ValueError(
                f"the features have rows of shape {values.shape[1:]}, and the model was trained on {wanted}; extract"
                " them with the model's settings"
            )
        return calibration.softened(outputs(self.network, values), self.temperature)


def outputs(network: keras.Model, values: Values) -> Values:
    """Softmax of each row, `(n_rows, n_labels)`."""
    starts = range(0, len(values), CHUNK)
    parts = [keras.ops.convert_to_numpy(network.predict_on_batch(values[k : k + CHUNK])) for k in starts]
    return np.asarray(np.concatenate(parts), np.float32)


def trained(
    build: Callable[[], keras.Model],
    train: Examples,
    dev: Examples | None,
    *,
    n_labels: int,
    rules: Rules,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    class_weight: bool,
    label_smoothing: float,
    mixup: float,
    variation: Mapping[str, Any] | None,
    deterministic: bool,
    seed: int,
    folder: Path,
    on_batch: Callable[[], object],
    on_epoch: Callable[[int, Epoch], None],
) -> tuple[keras.Model, Progress]:
    """The network of the epoch that `rules` select, and the figures of all epochs.

    Parameters
    ----------
    build
        Makes the unfitted network.
    dev
        Examples that `rules` ask; None, where they ask none.
    weight_decay
        Share of every weight that a step takes away, times the learning rate (AdamW).
    label_smoothing
        Share of an example's label that is spread over all labels.
    mixup
        Both parameters of the beta distribution of which the weight is drawn with which each example of a batch is
        mixed with another; 0: they are not.
    variation
        Settings of `ser.models.variation.varied`; None: every epoch has the examples as they are.
    folder
        Where training is kept after every epoch, and from where it goes on.
    on_batch
        Called after every batch.
    on_epoch
        Called with the index and figures of every epoch, those of a resumed training included.

    Raises
    ------
    ValueError
        If a setting is out of its range, a value is not finite, or the loss becomes so.
    """
    if batch_size < 1:
        raise ValueError(f"training.batch_size is {batch_size}; it must be 1 or more")
    if learning_rate <= 0:
        raise ValueError(f"training.learning_rate is {learning_rate}; it must be above 0")
    backend.seed_everything(seed, deterministic=deterministic)
    progress, model = checkpoints.resumed(folder, rules) or (
        Progress(),
        _compiled(build(), learning_rate, weight_decay),
    )
    for epoch, figures in enumerate(progress.epochs):
        on_epoch(epoch, figures)
    weight = class_weights(train.codes, n_labels, balanced=class_weight)
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: on_batch())  # noqa: ARG005
    while not progress.is_over(rules):
        epoch, rate = len(progress.epochs), progress.next_learning_rate(rules, learning_rate)
        model.optimizer.learning_rate = rate
        _seed_layers(model, seed=seed, epoch=epoch)
        batches = Batches(
            train,
            batch_size=batch_size,
            weight=weight,
            seed=seed,
            epoch=epoch,
            label_smoothing=label_smoothing,
            mixup=mixup,
            variation=variation,
        )
        history = model.fit(batches, shuffle=False, verbose=0, callbacks=[callback]).history
        figures = {"loss": history["loss"][0], "accuracy": history["accuracy"][0], "learning_rate": rate}
        if dev is not None:
            figures |= _dev_figures(model, dev)
        if not np.isfinite(list(figures.values())).all():
            raise ValueError(
                f"training diverged in epoch {epoch}: loss {figures['loss']}, dev loss {figures.get('dev_loss')}; lower"
                f" training.learning_rate, which is {learning_rate}"
            )
        progress.epochs.append(figures)
        checkpoints.keep(folder, model, progress, rules)
        on_epoch(epoch, figures)
    return checkpoints.best(folder), progress


def _seed_layers(model: keras.Model, *, seed: int, epoch: int) -> None:
    """Seed dropout and masks anew for an epoch: Keras keeps no state of theirs; a resumed training must be equal."""
    states = [variable for variable in model.variables if variable.path.endswith("seed_generator_state")]
    for k, state in enumerate(states):
        drawn = np.random.default_rng([seed, epoch, k]).integers(0, 2**31, size=state.shape)
        state.assign(drawn.astype(state.dtype))


def _compiled(model: keras.Model, learning_rate: float, weight_decay: float) -> keras.Model:
    optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return model


def _dev_figures(model: keras.Model, dev: Examples) -> dict[str, float]:
    probability = np.concatenate([outputs(model, chunk) for chunk in dev.chunks()])
    prediction = probability.argmax(axis=1)
    present = np.unique(dev.codes)
    return {
        "dev_loss": calibration.cross_entropy(probability, dev.codes),
        "dev_accuracy": float((prediction == dev.codes).mean()),
        "dev_uar": float(recall_score(dev.codes, prediction, labels=present, average="macro", zero_division=0)),
    }


def calibration_on(network: keras.Model, dev: Examples, *, bias_correction: bool) -> Calibration:
    """The calibration of the network that fits dev best."""
    probability: Any = np.concatenate([outputs(network, chunk) for chunk in dev.chunks()])
    return calibration.best(probability, dev.codes, bias_correction=bias_correction)


def calibrated(network: keras.Model, labels: list[str], by: Calibration) -> NeuralClassifier:
    """The network with a calibration; the last layer takes the shift into its own bias."""
    if by.shift.any():
        bias = network.layers[-1].bias
        bias.assign(keras.ops.convert_to_numpy(bias) + by.shift.astype(np.float32))
    return NeuralClassifier(network, labels, by.temperature)


def loaded(path: Path) -> keras.Model:
    """A saved network, to predict with.

    Raises
    ------
    ValueError
        If the file is damaged, or holds what could run code.
    """
    try:
        return keras.saving.load_model(path, networks.LAYERS, compile=False, safe_mode=True)
    except checkpoints.DAMAGED as error:
        reason = str(error).partition("\n")[0][:MAX_REASON]  # Keras appends the whole configuration
        raise ValueError(f"{path} cannot be loaded ({reason}); train anew with: dvc repro -f train") from error
