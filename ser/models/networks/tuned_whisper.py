"""Later layers of the published encoder of Whisper, trained further on emotions, on states of a frozen layer.

References
----------
.. [1] Radford et al. (2023), Robust speech recognition via large-scale weak supervision, ICML: the encoder.
.. [2] Okabe, Koshinaka and Shinoda (2018), Attentive statistics pooling for deep speaker embedding, Interspeech.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ser.features.encoders import whisper_files, whisper_weights
from ser.features.encoders.whisper_weights import Weights
from ser.models.backend import keras
from ser.models.networks import whisper_encoder
from ser.models.networks.contract import WHISPER_STATES, Network
from ser.models.networks.layers import batch_normalization, statistics, with_deviation
from ser.models.networks.random_excerpt import RandomExcerpt

layers = keras.layers

N_UNITS = 128  # of the dense layer that weighs the states


def tuned_whisper(
    inputs: Any,
    *,
    layer: int,
    n_layers: int,
    encoder_dropout: float,
    excerpt: int | None,
    pooling: str,
    dropout: float,
    **encoder_settings: str,
) -> Any:
    """Statistics over time of Whisper's layer `n_layers`, for states `(n_states, width)` of the frozen layer `layer`.

    Parameters
    ----------
    encoder_dropout
        Share of the values that each part of the layers after `layer` drops in training.
    excerpt
        States of a random stretch of each example in training; None: all states.
    pooling
        Name in `POOLINGS`.
    encoder_settings
        Arguments of `published_weights`.

    Examples
    --------
    >>> states, settings = keras.Input((75, 512)), {"encoder_dropout": 0.1, "excerpt": 60, "dropout": 0.4}
    >>> tuned_whisper(states, layer=2, n_layers=2, pooling="statistics", **settings)
    Traceback (most recent call last):
    ValueError: model.n_layers is 2; it must be above model.layer, which is 2
    """
    _check(layer, n_layers, pooling)
    weights = published_weights(n_layers, **encoder_settings)
    _check_width(inputs.shape, weights.width)
    features = inputs if excerpt is None else RandomExcerpt(length=excerpt)(inputs)
    features = _encoded(features, weights, layer=layer, dropout=encoder_dropout)
    pooled = batch_normalization()(POOLINGS[pooling](features))  # some values of a state are far larger than others
    return layers.Dropout(dropout)(pooled)


def published_weights(n_layers: int, *, encoder: str, revision: str) -> Weights:
    """Weights of the first `n_layers` layers, as they were published.

    Raises
    ------
    Unavailable
        If they are not available, or the encoder has fewer layers.

    Examples
    --------
    >>> published_weights(4, encoder="tiny", revision="")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.features.encoders.hugging_face.Unavailable: whisper_states.model is tiny; wanted a name at https://...
    """
    path = whisper_files.path(encoder, revision, section="whisper_states")
    return whisper_weights.read(path, n_layers=n_layers, setting="model.n_layers")


def _check(layer: int, n_layers: int, pooling: str) -> None:
    if not 0 <= layer < n_layers:
        raise ValueError(f"model.n_layers is {n_layers}; it must be above model.layer, which is {layer}")
    if pooling not in POOLINGS:
        raise ValueError(f"unknown model.pooling {pooling!r}; it is one of {', '.join(POOLINGS)}")


def _check_width(shape: Sequence[int], width: int) -> None:
    if shape[2] != width:
        raise ValueError(
            f"the states of model.encoder have {width} values, and the representation has rows of shape"
            f" {tuple(shape[1:])}; leave model.encoder as conf/model has it, and choose the encoder by -S"
            " whisper_states=base or tiny"
        )


def _encoded(features: Any, weights: Weights, *, layer: int, dropout: float) -> Any:
    """Output of the last layer, given that of `layer`."""
    for number, block in enumerate(weights.layers[layer:], start=layer + 1):
        features = whisper_encoder.block(features, block, number, trainable=True, dropout=dropout)
    if weights.norm is None:
        return features
    return whisper_encoder.normalised(features, weights.norm, "whisper_norm", trainable=True)


def _attentive_statistics(features: Any) -> Any:
    """Mean and standard deviation over time with a learned weight of each state, `(n_rows, 2 * width)`."""
    width = features.shape[-1]
    scores = layers.Dense(1)(layers.Dense(N_UNITS, activation="tanh")(features))
    shares = layers.Softmax(axis=1)(scores)
    mean = layers.Dot(axes=1)([shares, features])
    centred = layers.Subtract()([features, mean])
    variance = layers.Dot(axes=1)([shares, layers.Multiply()([centred, centred])])
    return layers.Reshape((2 * width,))(with_deviation(mean, variance))


POOLINGS: Mapping[str, Callable[[Any], Any]] = {"statistics": statistics, "attention": _attentive_statistics}

NETWORK = Network(
    tuned_whisper, takes=WHISPER_STATES, passes_settings_to=(published_weights,), custom_layers=(RandomExcerpt,)
)
