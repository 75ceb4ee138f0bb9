"""Neural networks in pure Keras 3, which train on every Keras backend: one module each, of the network's name."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.core import discovery
from ser.models.backend import keras
from ser.models.networks.contract import Network

NETWORKS: Mapping[str, Network] = discovery.Registry("ser.models.networks", "NETWORK")

Values = npt.NDArray[np.float32]


def network(
    name: str,
    *,
    input_shape: Sequence[int],
    n_labels: int,
    standardisation: tuple[Values, Values] | None,
    **settings: Any,
) -> keras.Model:
    """Untrained network `name`, which ends in a softmax over the labels.

    Parameters
    ----------
    input_shape
        Shape of an utterance's values, without the batch.
    standardisation
        Mean and variance of each feature (last axis of the input), by which the network standardises its input. None:
        the network takes its input as it is.
    settings
        Settings of the architecture, as conf/model has them.

    Raises
    ------
    ValueError
        If the name is unknown, or the network takes another kind of input.

    Examples
    --------
    >>> options = {"dense_units": [16], "dropouts": [0.5]}
    >>> dnn = network("dnn", input_shape=(40,), n_labels=2, standardisation=None, **options)
    >>> dnn.input_shape, dnn.output_shape
    ((None, 40), (None, 2))
    """
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}; it is one of {', '.join(NETWORKS)}")
    known = NETWORKS[name]
    if len(input_shape) != known.takes.n_axes:
        raise ValueError(
            f"model={name} takes {known.takes.description}, and the representation has rows of shape"
            f" {tuple(input_shape)}; leave model.representation as conf/model has it"
        )
    inputs = keras.Input(tuple(input_shape))
    features = inputs
    if standardisation is not None:
        mean, variance = standardisation
        features = keras.layers.Normalization(mean=mean, variance=variance)(features)
    features = known.layers(features, **settings)
    return keras.Model(inputs, keras.layers.Dense(n_labels, activation="softmax")(features), name=name)


def check_representation(name: str, representation: str) -> None:
    """Check that a representation fits the network `name`.

    Raises
    ------
    ValueError
        If it is the input of other networks alone.

    Examples
    --------
    >>> check_representation("cnn", "log_mel")
    >>> check_representation("cnn", "frames")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: model=cnn takes a mel spectrogram (bands, frames), not frames; leave model.representation ...
    """
    takes = NETWORKS[name].takes
    of_others = {other.takes.representation for other in NETWORKS.values()} - {takes.representation}
    if takes.representation is not None and representation in of_others:
        raise ValueError(
            f"model={name} takes {takes.description}, not {representation}; leave model.representation as conf/model"
            " has it"
        )


def custom_layers() -> dict[str, type]:
    """Classes of layers that are not Keras's own, by name: Keras needs them to load a network.

    Examples
    --------
    >>> "TimeFrequencyMask" in custom_layers()
    True
    """
    return {layer.__name__: layer for known in NETWORKS.values() for layer in known.custom_layers}
