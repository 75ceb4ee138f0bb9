"""Encoder of Whisper as Keras layers with the published weights, for networks that train some of them further.

Extraction of frozen states uses NumPy (`ser.features.encoders.whisper_layers`), which takes recordings of any length.
The tests compare it with these layers and with transformers.
"""

from collections.abc import Sequence
from typing import Any

from ser.features.encoders.whisper_weights import HEAD_WIDTH, Affine, Layer, Weights
from ser.models.backend import keras

layers, ops = keras.layers, keras.ops

EPSILON = 1e-5  # added to the variance in the normalisations


@keras.saving.register_keras_serializable(package="ser")
class Positions(keras.layers.Layer):  # type: ignore[misc]
    """Add a vector for its position to each frame, `(n_rows, n_frames, width)`; they are not trained.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Positions()
    >>> layer.build((None, 2, 1))  # two frames of one value
    >>> layer.set_weights([np.array([[0.5], [2.0]])])
    >>> ops.convert_to_numpy(layer.call(ops.ones((1, 2, 1)))).tolist()
    [[[1.5], [3.0]]]
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the vectors, `(n_frames, width)`."""
        self.vectors = self.add_weight(shape=input_shape[1:], initializer="zeros", trainable=False, name="vectors")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        """Return the sum."""
        return inputs + ops.cast(self.vectors, inputs.dtype)


def states(spectra: Any, weights: Weights, *, n_frozen: int = 0, dropout: float = 0.0) -> list[Any]:
    """Hidden states of all layers of `weights`, `(n_rows, n_states, width)` each.

    Parameters
    ----------
    spectra
        Symbolic input, `(n_rows, n_mels, n_frames)`, as `ser.features.encoders.whisper_spectra` computes them; the
        number of frames is known and even.
    weights
        Of all layers, or of the first ones.
    n_frozen
        Number of the first layers whose weights are not trained. The convolutions are not trained if it is above 0.
    dropout
        Share of the values that each part of a trained layer drops in training.

    Returns
    -------
    list
        The input of the first layer, then the output of each layer. The last is normalised if `weights` has all layers.

    Examples
    --------
    >>> import numpy as np
    >>> kernels = (np.zeros((3, n_inputs, 64), np.float32) for n_inputs in (80, 64))
    >>> first, second = (Affine(kernel, np.zeros(64, np.float32)) for kernel in kernels)
    >>> weights = Weights((first, second), positions=np.ones((1500, 64), np.float32), layers=(), norm=None)
    >>> [ops.shape(state) for state in states(keras.Input((80, 100)), weights)]  # without layers, their input alone
    [(None, 50, 64)]
    """
    found = [begin(spectra, weights, trainable=n_frozen == 0)]
    for k, layer in enumerate(weights.layers):
        found.append(block(found[-1], layer, k + 1, trainable=k >= n_frozen, dropout=dropout))
    if weights.norm is not None:
        found[-1] = normalised(found[-1], weights.norm, "whisper_norm", trainable=n_frozen < len(weights.layers))
    return found


def begin(spectra: Any, weights: Weights, *, trainable: bool) -> Any:
    """Input of the first layer: two convolutions of the spectra, with positions.

    Examples
    --------
    >>> import numpy as np
    >>> kernels = (np.zeros((3, n_inputs, 64), np.float32) for n_inputs in (80, 64))
    >>> first, second = (Affine(kernel, np.zeros(64, np.float32)) for kernel in kernels)
    >>> weights = Weights((first, second), positions=np.ones((1500, 64), np.float32), layers=(), norm=None)
    >>> spectra = keras.Input((80, 6))
    >>> model = keras.Model(spectra, begin(spectra, weights, trainable=False))
    >>> ops.convert_to_numpy(model(ops.ones((1, 80, 6))))[0, :, 0].tolist()  # 0 of the convolutions, 1 of the positions
    [1.0, 1.0, 1.0]
    """
    features = layers.Permute((2, 1))(spectra)
    for k, convolution in enumerate(weights.convolutions, start=1):
        layer = layers.Conv1D(
            len(convolution.bias), 3, strides=k, activation="gelu", trainable=trainable, name=f"whisper_convolution_{k}"
        )
        features = layer(layers.ZeroPadding1D(1)(features))  # "same" would pad only at the end where the stride is 2
        layer.set_weights(convolution)
    positions = Positions(trainable=False, name="whisper_positions")
    features = positions(features)
    positions.set_weights([weights.positions[: features.shape[1]]])
    return features


def block(features: Any, weights: Layer, number: int, *, trainable: bool, dropout: float = 0.0) -> Any:
    """Output of layer `number`, given that of the layer before it, `(n_rows, n_states, width)`.

    Examples
    --------
    >>> import numpy as np
    >>> def zeros(*shape):
    ...     return Affine(np.zeros(shape, np.float32), np.zeros(shape[-1], np.float32))
    >>> square, norm = zeros(64, 64), zeros(64)
    >>> weights = Layer(norm, square, square, square, square, norm, zeros(64, 256), zeros(256, 64))
    >>> features = keras.Input((3, 64))
    >>> model = keras.Model(features, block(features, weights, 1, trainable=False))
    >>> rows = np.random.default_rng(0).normal(size=(1, 3, 64)).astype(np.float32)
    >>> np.array_equal(ops.convert_to_numpy(model(rows)), rows)  # zeros add nothing
    True
    """
    name, rate = f"whisper_{number}", dropout if trainable else 0.0
    normal = normalised(features, weights.attention_norm, f"{name}_attention_norm", trainable=trainable)
    attended = _attended(normal, weights, f"{name}_attention", trainable=trainable)
    features = layers.Add()([features, _dropped(attended, rate)])
    normal = normalised(features, weights.dense_norm, f"{name}_dense_norm", trainable=trainable)
    expanded = _dense(normal, weights.expand, f"{name}_expand", activation="gelu", trainable=trainable)
    contracted = _dense(expanded, weights.contract, f"{name}_contract", activation=None, trainable=trainable)
    return layers.Add()([features, _dropped(contracted, rate)])


def normalised(features: Any, weights: Affine, name: str, *, trainable: bool) -> Any:
    """Normalisation of each state over its values, with the given gains and terms.

    Examples
    --------
    >>> weights = Affine(ops.ones(2), ops.zeros(2))
    >>> found = normalised(ops.convert_to_tensor([[[1.0, 5.0]]]), weights, "norm", trainable=False)
    >>> ops.convert_to_numpy(found).round(3).tolist()
    [[[-1.0, 1.0]]]
    """
    layer = layers.LayerNormalization(epsilon=EPSILON, trainable=trainable, name=name)
    return _with_weights(layer, features, weights)


def _attended(features: Any, weights: Layer, name: str, *, trainable: bool) -> Any:
    width = len(weights.output.bias)
    shape = (width // HEAD_WIDTH, HEAD_WIDTH)
    attention = layers.MultiHeadAttention(*shape, trainable=trainable, name=name)
    attended = attention(features, features)
    inward = [
        array
        for kernel, bias in (weights.query, weights.key, weights.value)
        for array in (kernel.reshape(width, *shape), bias.reshape(shape))
    ]
    attention.set_weights([*inward, weights.output.kernel.reshape(*shape, width), weights.output.bias])
    return attended


def _dense(features: Any, weights: Affine, name: str, *, activation: str | None, trainable: bool) -> Any:
    layer = layers.Dense(len(weights.bias), activation=activation, trainable=trainable, name=name)
    return _with_weights(layer, features, weights)


def _with_weights(layer: Any, features: Any, weights: Sequence[Any]) -> Any:
    output = layer(features)
    layer.set_weights(weights)
    return output


def _dropped(features: Any, rate: float) -> Any:
    return layers.Dropout(rate)(features) if rate else features
