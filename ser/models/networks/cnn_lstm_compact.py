"""Convolutions and an LSTM with a tenth of the parameters: the third network of system B."""

from collections.abc import Sequence
from typing import Any

from ser.models.backend import keras
from ser.models.networks.contract import SPECTROGRAM, Network
from ser.models.networks.layers import convolutions

layers = keras.layers


def cnn_lstm_compact(
    inputs: Any, *, filters: Sequence[int], recurrent_units: int, dense_units: int, dropout: float
) -> Any:
    """Convolutions with strong pooling, an LSTM over the remaining cells, and the mean of its outputs.

    Examples
    --------
    >>> cnn_lstm_compact(keras.Input((64, 94)), filters=[8, 8], recurrent_units=16, dense_units=32, dropout=0.5).shape
    (None, 32)
    """
    features = convolutions(inputs, filters=filters, pool=3, dropout=dropout, l2=0)
    features = layers.Reshape((-1, filters[-1]))(features)
    features = layers.LSTM(recurrent_units, return_sequences=True)(features)
    features = layers.GlobalAveragePooling1D()(features)
    features = layers.Dense(dense_units, activation="relu")(features)
    return layers.Dropout(dropout)(features)


NETWORK = Network(cnn_lstm_compact, takes=SPECTROGRAM)
