"""Groups of layers that several networks share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ser.models.backend import keras

layers, ops = keras.layers, keras.ops

LEAST_VARIANCE = 1e-6  # added to a variance over time, because the square root has no slope at 0

CELLS: Mapping[str, Callable[..., Any]] = {"gru": layers.GRU, "lstm": layers.LSTM}
# Momentum of the moving averages of batch normalisation. With 0.99, the default of Keras, their initial values have an
# effect for 500 steps, which are 15 epochs of RAVDESS, and the scores on dev would be those of wrong averages.
MOMENTUM = 0.9


def convolutional_recurrent(
    inputs: Any,
    *,
    cell: str,
    filters: Sequence[int],
    recurrent_units: int,
    recurrent_dropout: float,
    dense_units: int,
    dropout: float,
    l2: float,
) -> Any:
    """Two-dimensional convolutions, then one recurrent layer over time.

    A mel spectrogram `(64, 94)` becomes 23 steps of 16 bands and the last filters.

    Examples
    --------
    >>> sizes = {"filters": [8, 8], "recurrent_units": 16, "dense_units": 32}
    >>> rates = {"recurrent_dropout": 0.0, "dropout": 0.5, "l2": 0.001}
    >>> convolutional_recurrent(keras.Input((64, 94)), cell="gru", **sizes, **rates).shape
    (None, 32)
    """
    features = convolutions(inputs, filters=filters, pool=2, dropout=dropout, l2=l2)
    features = time_major(features)
    features = CELLS[cell](recurrent_units, dropout=recurrent_dropout)(features)
    features = layers.Dense(dense_units, activation="relu", kernel_regularizer=penalty(l2))(features)
    return layers.Dropout(dropout)(features)


def recurrent(inputs: Any, *, cell: str, recurrent_units: Sequence[int], dense_units: int, dropout: float) -> Any:
    """Recurrent layers over the frames of a mel spectrogram `(n_mels, n_frames)`.

    Examples
    --------
    >>> recurrent(keras.Input((64, 94)), cell="lstm", recurrent_units=[16], dense_units=32, dropout=0.5).shape
    (None, 32)
    """
    features = layers.Permute((2, 1))(inputs)
    for k, units in enumerate(recurrent_units, start=1):
        features = CELLS[cell](units, return_sequences=k < len(recurrent_units))(features)
        features = layers.Dropout(dropout)(features)
    features = layers.Dense(dense_units, activation="relu")(features)
    return layers.Dropout(dropout)(features)


def convolutions(inputs: Any, *, filters: Sequence[int], pool: int, dropout: float, l2: float) -> Any:
    """Two-dimensional convolutions, each with batch normalisation, pooling and dropout.

    `(n_bands, n_frames)` -> `(n_bands, n_steps, n_filters)`, both axes divided by `pool` for each of the `filters`.

    Examples
    --------
    >>> convolutions(keras.Input((64, 94)), filters=[8, 16], pool=2, dropout=0.5, l2=0).shape
    (None, 16, 23, 16)
    """
    features = layers.Reshape((*inputs.shape[1:], 1))(inputs)
    for n_filters in filters:
        features = layers.Conv2D(n_filters, 3, padding="same", activation="relu", kernel_regularizer=penalty(l2))(
            features
        )
        features = batch_normalization()(features)
        features = layers.MaxPooling2D(pool)(features)
        features = layers.Dropout(dropout)(features)
    return features


def time_major(features: Any) -> Any:
    """`(n_bands, n_steps, n_filters)` -> `(n_steps, n_bands * n_filters)`.

    Examples
    --------
    >>> time_major(keras.Input((16, 23, 8))).shape
    (None, 23, 128)
    """
    _, n_bands, n_steps, n_filters = features.shape
    return layers.Reshape((n_steps, n_bands * n_filters))(layers.Permute((2, 1, 3))(features))


def batch_normalization() -> keras.layers.Layer:
    """Batch normalisation with the momentum `MOMENTUM`.

    Examples
    --------
    >>> batch_normalization().momentum
    0.9
    """
    return layers.BatchNormalization(momentum=MOMENTUM)


def penalty(l2: float) -> keras.regularizers.Regularizer | None:
    """L2 penalty on weights; None for 0.

    Examples
    --------
    >>> float(penalty(0.001).l2), penalty(0.0) is None
    (0.001, True)
    """
    return keras.regularizers.L2(l2) if l2 else None


def statistics(features: Any) -> Any:
    """Mean and standard deviation over time of sequences `(n_rows, n_steps, width)`, `(n_rows, 2 * width)`.

    Examples
    --------
    >>> statistics(keras.Input((20, 8))).shape
    (None, 16)
    """
    return with_deviation(ops.mean(features, axis=1), ops.var(features, axis=1))


def with_deviation(mean: Any, variance: Any) -> Any:
    """Mean beside the root of a variance, along the last axis.

    Examples
    --------
    >>> with_deviation(keras.Input((8,)), keras.Input((8,))).shape
    (None, 16)
    """
    return layers.Concatenate()([mean, ops.sqrt(variance + LEAST_VARIANCE)])
