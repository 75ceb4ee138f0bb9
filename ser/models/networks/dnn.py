"""Dense layers on utterance-level features: system E."""

from collections.abc import Sequence
from typing import Any

from ser.models.backend import keras
from ser.models.networks.contract import TABLE, Network
from ser.models.networks.layers import batch_normalization

layers = keras.layers


def dnn(inputs: Any, *, dense_units: Sequence[int], dropouts: Sequence[float]) -> Any:
    """Dense layers, each with batch normalisation and its own dropout.

    Examples
    --------
    >>> dnn(keras.Input((40,)), dense_units=[16], dropouts=[0.5]).shape
    (None, 16)
    """
    features = inputs
    for units, dropout in zip(dense_units, dropouts, strict=True):
        features = layers.Dense(units, activation="relu")(features)
        features = batch_normalization()(features)
        features = layers.Dropout(dropout)(features)
    return features


NETWORK = Network(dnn, takes=TABLE)
