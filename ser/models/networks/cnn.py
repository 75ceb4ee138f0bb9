"""Convolutions on a mel spectrogram: system D."""

from collections.abc import Sequence
from typing import Any

from ser.models.backend import keras
from ser.models.networks.contract import SPECTROGRAM, Network
from ser.models.networks.layers import batch_normalization, convolutions

layers = keras.layers


def cnn(inputs: Any, *, filters: Sequence[int], dense_units: int, dropout: float) -> Any:
    """Convolutions and one dense layer on all of their values.

    Examples
    --------
    >>> cnn(keras.Input((64, 94)), filters=[8], dense_units=16, dropout=0.5).shape
    (None, 16)
    """
    features = layers.Flatten()(convolutions(inputs, filters=filters, pool=2, dropout=dropout, l2=0))
    features = layers.Dense(dense_units, activation="relu")(features)
    features = batch_normalization()(features)  # without it, some units would become zero for all inputs and stay so
    return layers.Dropout(dropout)(features)


NETWORK = Network(cnn, takes=SPECTROGRAM)
