"""The first layers of the published YAMNet, trained further on emotions.

References
----------
.. [1] Howard et al. (2017), MobileNets, arXiv 1704.04861: the layers.
.. [2] Plakal and Ellis (2020), YAMNet: research/audioset/yamnet of github.com/tensorflow/models.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from ser.features.yamnet import weights
from ser.features.yamnet.patches import N_MELS, PATCH_FRAMES
from ser.models.backend import keras
from ser.models.networks.contract import YAMNET_SPECTRA, Network
from ser.models.networks.layers import statistics

layers, ops = keras.layers, keras.ops

# Filters and stride of each layer: a plain convolution, then depthwise-separable ones.
LAYERS = (
    *((32, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1)),
)
EPSILON = 1e-4  # added to the variance in the batch normalisations of YAMNet
MOMENTUM = 0.9  # momentum of their moving averages; low, because the weights change fast

Convolution = Callable[..., Any]  # returns a convolution, given its bias, activation and whether it is trained


def tuned_yamnet(inputs: Any, *, handle: str, n_layers: int, n_frozen: int, dropout: float) -> Any:
    """Mean and deviation over time of the outputs of YAMNet's layer `n_layers`, for log-mel spectra `(64, n_frames)`.

    The deeper layers distinguish classes of sounds. The outputs of the earlier ones depend more on the voice.

    Parameters
    ----------
    handle
        Handle of the model on TF Hub, from which the weights come.
    n_layers
        1 to 14.
    n_frozen
        Number of the first layers, whose weights do not change. They take most of the computing time, and detect edges
        in a spectrogram, which all sounds have.

    Raises
    ------
    ValueError
        If there is no such layer, the spectra are not those of YAMNet, or the model is not available.
    """
    _check(inputs.shape, n_layers, n_frozen)
    arrays = iter(weights.weights(handle, n_layers=n_layers))
    features = layers.Reshape((-1, inputs.shape[1], 1))(layers.Permute((2, 1))(inputs))
    for k, (n_filters, stride) in enumerate(LAYERS[:n_layers]):
        block = _trained if k >= n_frozen else _frozen
        if k == 0:
            convolution = partial(layers.Conv2D, n_filters, 3, strides=stride, padding="same")
        else:
            features = block(partial(layers.DepthwiseConv2D, 3, strides=stride, padding="same"), features, arrays)
            convolution = partial(layers.Conv2D, n_filters, 1)
        features = block(convolution, features, arrays)
    return layers.Dropout(dropout)(statistics(ops.mean(features, axis=2)))


def _check(shape: Sequence[int], n_layers: int, n_frozen: int) -> None:
    """Raise a `ValueError` if there is no such layer, or the spectra are not those of YAMNet."""
    if not 1 <= n_layers <= len(LAYERS):
        raise ValueError(f"model.n_layers is {n_layers}; YAMNet has 1 to {len(LAYERS)}")
    if not 0 <= n_frozen <= n_layers:
        raise ValueError(f"model.n_frozen is {n_frozen}; it must be from 0 to model.n_layers, which is {n_layers}")
    if shape[1] != N_MELS or shape[2] < PATCH_FRAMES:
        raise ValueError(
            f"YAMNet takes {N_MELS} bands and {PATCH_FRAMES} frames or more, and the representation has rows of shape"
            f" {tuple(shape[1:])}; choose -S model.representation=yamnet_bands, or more frames"
        )


def _trained(convolution: Convolution, features: Any, arrays: Iterator[Sequence[Any]]) -> Any:
    """Convolution, batch normalisation and rectifier, with the weights of the next two layers as initial values."""
    convolve = convolution(use_bias=False)
    normalize = layers.BatchNormalization(scale=False, epsilon=EPSILON, momentum=MOMENTUM)
    features = normalize(convolve(features))
    for layer in (convolve, normalize):
        layer.set_weights(next(arrays))
    return layers.Activation("relu")(features)


def _frozen(convolution: Convolution, features: Any, arrays: Iterator[Sequence[Any]]) -> Any:
    """The same layers with weights that do not change: the normalisation is part of the convolution, for speed."""
    (kernel,), (offset, mean, variance) = next(arrays), next(arrays)
    deviation = np.sqrt(variance + EPSILON)
    convolve = convolution(activation="relu", trainable=False)
    features = convolve(features)
    is_depthwise = kernel.shape[-1] == 1  # (height, width, n_channels, 1)
    convolve.set_weights(
        [kernel / (deviation[:, np.newaxis] if is_depthwise else deviation), offset - mean / deviation]
    )
    return features


NETWORK = Network(tuned_yamnet, takes=YAMNET_SPECTRA)
