"""Neural networks by name, in pure Keras 3: they train on every Keras backend. Each returns an unfitted model.

All take `input_shape` (without the batch) and `n_labels`, and end in a softmax over the labels.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.models.backend import keras
from ser.models.masking import TimeFrequencyMask
from ser.models.tuned_yamnet import tuned_yamnet

layers = keras.layers
LAYERS = {"TimeFrequencyMask": TimeFrequencyMask}  # that are not Keras's own; loading a network needs to know them

# Of the moving averages of batch normalisation. Keras's 0.99 needs 500 steps to forget where it starts, which are 15
# epochs of RAVDESS: dev would judge, and stop, a network whose averages are not yet those of its layers.
MOMENTUM = 0.9
N_POOLED = 2  # convolutions of the attention network that halve the number of steps

Shape = Sequence[int]
Values = npt.NDArray[np.float32]


def network(
    name: str, *, input_shape: Shape, n_labels: int, standardisation: tuple[Values, Values] | None, **settings: Any
) -> keras.Model:
    """Unfitted network `name`.

    Parameters
    ----------
    standardisation
        Mean and variance of each feature (last axis of the input), which the network applies; None: it does not.
    settings
        Of the architecture.

    Raises
    ------
    ValueError
        If the name is unknown, or the input is of another kind than the network's.
    """
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}; it is one of {', '.join(NETWORKS)}")
    function, n_axes, kind = NETWORKS[name]
    if len(input_shape) != n_axes:
        raise ValueError(
            f"model={name} takes {kind}, and the representation has rows of shape {tuple(input_shape)}; leave"
            " model.representation as conf/model has it"
        )
    inputs = keras.Input(tuple(input_shape))
    features = inputs
    if standardisation is not None:
        mean, variance = standardisation
        features = layers.Normalization(mean=mean, variance=variance)(features)
    features = function(features, **settings)
    return keras.Model(inputs, layers.Dense(n_labels, activation="softmax")(features), name=name)


def check_representation(name: str, representation: str) -> None:
    """Raise a ValueError if the axes of the array `representation` mean other things than `name` takes them for."""
    _, _, kind = NETWORKS[name]
    if representation in ARRAYS.values() and ARRAYS.get(kind, representation) != representation:
        raise ValueError(
            f"model={name} takes {kind}, not {representation}; leave model.representation as conf/model has it"
        )


def cnn_recurrent(
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
    """Two-dimensional convolutions, then one recurrent layer over time (systems B1, B2, B4).

    A mel spectrogram `(64, 94)` becomes 23 steps of 16 bands and the last filters.
    """
    features = _convolutions(inputs, filters=filters, pool=2, dropout=dropout, l2=l2)
    features = _time_major(features)
    features = CELLS[cell](recurrent_units, dropout=recurrent_dropout)(features)
    features = layers.Dense(dense_units, activation="relu", kernel_regularizer=_penalty(l2))(features)
    return layers.Dropout(dropout)(features)


def cnn_lstm_compact(
    inputs: Any, *, filters: Sequence[int], recurrent_units: int, dense_units: int, dropout: float
) -> Any:
    """Convolutions with strong pooling, an LSTM over what is left, averaged (system B3)."""
    features = _convolutions(inputs, filters=filters, pool=3, dropout=dropout, l2=0)
    features = layers.Reshape((-1, filters[-1]))(features)
    features = layers.LSTM(recurrent_units, return_sequences=True)(features)
    features = layers.GlobalAveragePooling1D()(features)
    features = layers.Dense(dense_units, activation="relu")(features)
    return layers.Dropout(dropout)(features)


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
    """Convolutions over time, a bidirectional LSTM, dense layers, on frames `(n_frames, n_features)` (system C)."""
    features = inputs
    for n_filters in filters:
        features = layers.Conv1D(n_filters, kernel_size, padding="same", activation="relu")(features)
        features = _batch_normalization()(features)
        features = layers.MaxPooling1D()(features)
        features = layers.Dropout(dropout)(features)
    features = layers.Bidirectional(layers.LSTM(recurrent_units))(features)
    features = _batch_normalization()(features)
    for units in dense_units:
        features = layers.Dense(units, activation="relu", kernel_regularizer=_penalty(l2))(features)
        features = layers.Dropout(dropout)(features)
    return features


def cnn(inputs: Any, *, filters: Sequence[int], dense_units: int, dropout: float) -> Any:
    """Convolutions, flattened, one dense layer (system D)."""
    features = layers.Flatten()(_convolutions(inputs, filters=filters, pool=2, dropout=dropout, l2=0))
    features = layers.Dense(dense_units, activation="relu")(features)
    features = _batch_normalization()(features)  # without it, so many inputs drive the units to zero, for good
    return layers.Dropout(dropout)(features)


def recurrent(inputs: Any, *, cell: str, recurrent_units: Sequence[int], dense_units: int, dropout: float) -> Any:
    """Recurrent layers over the frames of a mel spectrogram `(n_mels, n_frames)` (system D)."""
    features = layers.Permute((2, 1))(inputs)
    for k, units in enumerate(recurrent_units, start=1):
        features = CELLS[cell](units, return_sequences=k < len(recurrent_units))(features)
        features = layers.Dropout(dropout)(features)
    features = layers.Dense(dense_units, activation="relu")(features)
    return layers.Dropout(dropout)(features)


def dnn(inputs: Any, *, dense_units: Sequence[int], dropouts: Sequence[float]) -> Any:
    """Dense layers on utterance-level features (system E)."""
    features = inputs
    for units, dropout in zip(dense_units, dropouts, strict=True):
        features = layers.Dense(units, activation="relu")(features)
        features = _batch_normalization()(features)
        features = layers.Dropout(dropout)(features)
    return features


def attention(
    inputs: Any,
    *,
    filters: Sequence[int],
    n_blocks: int,
    n_heads: int,
    dense_units: int,
    dropout: float,
    l2: float,
    max_time_mask: int,
    max_band_mask: int,
    n_masks: int,
) -> Any:
    """Masked mel spectrogram, convolutions that pool the bands, self-attention over time, mean and maximum over time.

    References
    ----------
    .. [1] Vaswani et al. (2017), Attention is all you need, NeurIPS.
    .. [2] Park et al. (2019), SpecAugment, Interspeech: the masks.
    """
    features = TimeFrequencyMask(max_time=max_time_mask, max_bands=max_band_mask, n_masks=n_masks)(inputs)
    features = layers.Reshape((*inputs.shape[1:], 1))(features)
    for k, n_filters in enumerate(filters):
        convolution = layers.Conv2D(n_filters, 3, padding="same", use_bias=False, kernel_regularizer=_penalty(l2))
        features = convolution(features)
        features = _batch_normalization()(features)
        features = layers.Activation("relu")(features)
        features = layers.MaxPooling2D(2 if k < N_POOLED else (2, 1))(features)
        features = layers.SpatialDropout2D(dropout)(features)
    features = layers.Dense(dense_units)(_time_major(features))
    for _ in range(n_blocks):
        features = _attention_block(features, n_heads=n_heads, dropout=dropout)
    mean = layers.GlobalAveragePooling1D()(features)
    largest = layers.GlobalMaxPooling1D()(features)
    return layers.Dropout(dropout)(layers.Concatenate()([mean, largest]))


def _attention_block(features: Any, *, n_heads: int, dropout: float) -> Any:
    units = features.shape[-1]
    normal = layers.LayerNormalization()(features)
    attended = layers.MultiHeadAttention(n_heads, units // n_heads, dropout=dropout)(normal, normal)
    features = layers.Add()([features, layers.Dropout(dropout)(attended)])
    normal = layers.LayerNormalization()(features)
    transformed = layers.Dense(units)(layers.Dense(2 * units, activation="gelu")(normal))
    return layers.Add()([features, layers.Dropout(dropout)(transformed)])


def _convolutions(inputs: Any, *, filters: Sequence[int], pool: int, dropout: float, l2: float) -> Any:
    features = layers.Reshape((*inputs.shape[1:], 1))(inputs)
    for n_filters in filters:
        features = layers.Conv2D(n_filters, 3, padding="same", activation="relu", kernel_regularizer=_penalty(l2))(
            features
        )
        features = _batch_normalization()(features)
        features = layers.MaxPooling2D(pool)(features)
        features = layers.Dropout(dropout)(features)
    return features


def _time_major(features: Any) -> Any:
    """`(n_bands, n_steps, n_filters)` -> `(n_steps, n_bands * n_filters)`."""
    _, n_bands, n_steps, n_filters = features.shape
    return layers.Reshape((n_steps, n_bands * n_filters))(layers.Permute((2, 1, 3))(features))


def _batch_normalization() -> keras.layers.Layer:
    return layers.BatchNormalization(momentum=MOMENTUM)


def _penalty(l2: float) -> keras.regularizers.Regularizer | None:
    return keras.regularizers.L2(l2) if l2 else None


CELLS: Mapping[str, Callable[..., Any]] = {"gru": layers.GRU, "lstm": layers.LSTM}
SPECTROGRAM, FRAMES = "a mel spectrogram (bands, frames)", "frames (frames, features)"
YAMNET = "YAMNet's spectra (bands, frames)"
ARRAYS = {SPECTROGRAM: "log_mel", FRAMES: "frames", YAMNET: "yamnet_bands"}
NETWORKS: Mapping[str, tuple[Callable[..., Any], int, str]] = {  # function, axes of a row, what the row is
    "cnn_gru": (cnn_recurrent, 2, SPECTROGRAM),
    "cnn_lstm": (cnn_recurrent, 2, SPECTROGRAM),
    "cnn_lstm_compact": (cnn_lstm_compact, 2, SPECTROGRAM),
    "cnn_lstm_regularized": (cnn_recurrent, 2, SPECTROGRAM),
    "conv_bilstm": (conv_bilstm, 2, FRAMES),
    "cnn": (cnn, 2, SPECTROGRAM),
    "lstm": (recurrent, 2, SPECTROGRAM),
    "gru": (recurrent, 2, SPECTROGRAM),
    "dnn": (dnn, 1, "utterance-level features"),
    "attention": (attention, 2, SPECTROGRAM),
    "tuned_yamnet": (tuned_yamnet, 2, YAMNET),
}
