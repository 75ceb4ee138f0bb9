"""Convolutions over time and a bidirectional LSTM on frames of descriptors: system C."""

from collections.abc import Sequence
from typing import Any

from ser.models.backend import keras
from ser.models.networks.contract import FRAMES, Network
from ser.models.networks.layers import batch_normalization, penalty

layers = keras.layers


def conv_bilstm(
    inputs: Any,
    *,
    filters: Sequence[int],
    kernel_size: int,
    recurrent_units: int,
    dense_units: Sequence[int],
    dropout: float,
    l2: float,
) -> Any:
    """Convolutions over time, a bidirectional LSTM and dense layers on `(n_frames, n_features)`.

    Examples
    --------
    >>> sizes = {"filters": [8], "kernel_size": 5, "recurrent_units": 16, "dense_units": [32]}
    >>> conv_bilstm(keras.Input((128, 40)), **sizes, dropout=0.5, l2=0.0).shape
    (None, 32)
    """
    features = inputs
    for n_filters in filters:
        features = layers.Conv1D(n_filters, kernel_size, padding="same", activation="relu")(features)
        features = batch_normalization()(features)
        features = layers.MaxPooling1D()(features)
        features = layers.Dropout(dropout)(features)
    features = layers.Bidirectional(layers.LSTM(recurrent_units))(features)
    features = batch_normalization()(features)
    for units in dense_units:
        features = layers.Dense(units, activation="relu", kernel_regularizer=penalty(l2))(features)
        features = layers.Dropout(dropout)(features)
    return features


NETWORK = Network(conv_bilstm, takes=FRAMES)
