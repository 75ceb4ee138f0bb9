"""Networks: training epoch by epoch, with checkpoints; calibration; prediction."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import recall_score

from ser.models import backend, calibration, checkpoints, keras_reading, networks, optimizers
from ser.models.backend import keras
from ser.models.calibration import Calibration, Probabilities
from ser.models.examples import CHUNK, Batches, Examples, Values, class_weights
from ser.models.progress import Epoch, Progress
from ser.models.settings import NetworkTraining

MAX_REASON = 400  # characters of a message of Keras


@dataclass(frozen=True)
class NeuralClassifier:
    """Trained network with the interface of scikit-learn's classifiers.

    Examples
    --------
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    >>> NeuralClassifier(network, ["calm", "sad"], 1.5).predict_proba(np.zeros((1, 3), np.float32)).tolist()
    [[0.5, 0.5]]
    """

    network: keras.Model
    classes_: list[str]
    """Emotions, in the order of the network's output."""
    temperature: float
    """Divisor of its logits."""

    def predict_proba(self, values: Values) -> Probabilities:
        """Probability of each of `classes_`, `(n_rows, n_labels)`.

        Raises
        ------
        ValueError
            If the rows have another shape than the training rows, or the outputs are not probabilities.
        """
        wanted = tuple(self.network.input_shape[1:])
        if values.shape[1:] != wanted:
            raise ValueError(
                f"the features have rows of shape {values.shape[1:]}, and the model was trained on {wanted}; extract"
                " them with the model's settings"
            )
        probability = outputs(self.network, values)
        calibration.check_probabilities(probability)
        return calibration.softened(probability, self.temperature)


def outputs(network: keras.Model, values: Values) -> Values:
    """Softmax of each row, `(n_rows, n_labels)`.

    Examples
    --------
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    >>> outputs(network, np.zeros((4, 3), np.float32))[0].tolist()
    [0.5, 0.5]
    """
    starts = range(0, len(values), CHUNK)
    parts = [keras.ops.convert_to_numpy(network.predict_on_batch(values[k : k + CHUNK])) for k in starts]
    return np.asarray(np.concatenate(parts), np.float32)


@dataclass(frozen=True)
class Watch:
    """Functions that are called while a network is trained.

    Examples
    --------
    >>> Watch(on_batch=lambda: None, on_epoch=lambda epoch, figures: print(epoch, figures)).on_epoch(0, {"loss": 0.5})
    0 {'loss': 0.5}
    """

    on_batch: Callable[[], object]
    """Called after every batch."""
    on_epoch: Callable[[int, Epoch], None]
    """Called with the index and the figures of every epoch, also of the epochs before an interruption."""


def trained(
    build: Callable[[], keras.Model],
    train: Examples,
    dev: Examples | None,
    *,
    n_labels: int,
    training: NetworkTraining,
    seed: int,
    folder: Path,
    watch: Watch,
) -> tuple[keras.Model, Progress]:
    """Train a network epoch by epoch; return the network of the selected epoch, and the figures of all epochs.

    Parameters
    ----------
    build, folder
        Function that returns the unfitted network; folder of checkpoints, from which an interrupted training resumes.

    Raises
    ------
    ValueError
        If a value of the examples or the loss is not finite.
    """
    backend.seed_everything(seed, deterministic=training.deterministic)
    with backend.initial_weights(seed):
        progress, model = checkpoints.resumed(folder, training.rules) or (Progress(), _compiled(build(), training))
    for epoch, figures in enumerate(progress.epochs):
        watch.on_epoch(epoch, figures)
    weight = class_weights(train.codes, n_labels, balanced=training.class_weight)
    while not progress.is_over(training.rules):
        epoch, rate = len(progress.epochs), progress.next_learning_rate(training.rules, training.learning_rate)
        _seed_layers(model, seed=seed, epoch=epoch)
        batches = Batches(train, training, weight=weight, seed=seed, epoch=epoch)
        figures = _one_epoch(model, batches, dev, learning_rate=rate, on_batch=watch.on_batch)
        _check_finite(figures, epoch=epoch, learning_rate=training.learning_rate)
        progress.epochs.append(figures)
        checkpoints.keep(folder, model, progress, training.rules)
        watch.on_epoch(epoch, figures)
    return checkpoints.best(folder), progress


def _one_epoch(
    model: keras.Model, batches: Batches, dev: Examples | None, *, learning_rate: float, on_batch: Callable[[], object]
) -> Epoch:
    """Train on all batches once; return the figures of the epoch."""
    model.optimizer.learning_rate = learning_rate
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: on_batch())  # noqa: ARG005
    history = model.fit(batches, shuffle=False, verbose=0, callbacks=[callback]).history
    figures = {"loss": history["loss"][0], "accuracy": history["accuracy"][0], "learning_rate": learning_rate}
    return figures if dev is None else {**figures, **_dev_figures(model, dev)}


def _check_finite(figures: Epoch, *, epoch: int, learning_rate: float) -> None:
    if not np.isfinite(list(figures.values())).all():
        raise ValueError(
            f"training diverged in epoch {epoch}: loss {figures['loss']}, dev loss {figures.get('dev_loss')}; lower"
            f" training.learning_rate, which is {learning_rate}"
        )


def _seed_layers(model: keras.Model, *, seed: int, epoch: int) -> None:
    """Seed dropout and masks for an epoch: Keras does not save their state, and a resumed training must be equal."""
    states = [variable for variable in model.variables if variable.path.endswith("seed_generator_state")]
    for k, state in enumerate(states):
        drawn = np.random.default_rng([seed, epoch, k]).integers(0, 2**31, size=state.shape)
        state.assign(drawn.astype(state.dtype))


def _compiled(model: keras.Model, training: NetworkTraining) -> keras.Model:
    optimizer = optimizers.of_layers(
        model, training.learning_rate, decay=training.weight_decay, multipliers=training.multipliers
    )
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
    """Calibration of the network that fits dev best.

    Examples
    --------
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    >>> dev = Examples(np.zeros((4, 3), np.float32), np.arange(4), np.array([0, 1, 0, 1]))
    >>> calibration_on(network, dev, bias_correction=False).shift.tolist()
    [0.0, 0.0]
    """
    probability: Any = np.concatenate([outputs(network, chunk) for chunk in dev.chunks()])
    return calibration.best(probability, dev.codes, bias_correction=bias_correction)


def calibrated(network: keras.Model, labels: list[str], by: Calibration) -> NeuralClassifier:
    """Network with a calibration; the shift is added to the bias of the last layer.

    Examples
    --------
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    >>> model = calibrated(network, ["calm", "sad"], Calibration(1.5, np.array([0.0, np.log(3)])))
    >>> outputs(model.network, np.zeros((1, 3), np.float32)).round(2).tolist()
    [[0.25, 0.75]]
    """
    if by.shift.any():
        bias = network.layers[-1].bias
        bias.assign(keras.ops.convert_to_numpy(bias) + by.shift.astype(np.float32))
    return NeuralClassifier(network, labels, by.temperature)


def loaded(path: Path) -> keras.Model:
    """Load a saved network, to predict with.

    Raises
    ------
    ValueError
        If the file is damaged, or has content that could run code.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    >>> with TemporaryDirectory() as folder:
    ...     network.save(Path(folder, "model.keras"))
    ...     loaded(Path(folder, "model.keras")).output_shape
    (None, 2)
    """
    try:
        return keras_reading.network(path, networks.custom_layers())
    except Exception as error:  # Keras and h5py raise errors of many types
        reason = str(error).partition("\n")[0][:MAX_REASON]  # Keras appends the configuration
        raise ValueError(f"{path} cannot be loaded ({reason}); train anew with: dvc repro -f train") from error
