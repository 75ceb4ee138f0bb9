"""Convolutions and self-attention on a masked mel spectrogram.

References
----------
.. [1] Vaswani et al. (2017), Attention is all you need, NeurIPS.
.. [2] Park et al. (2019), SpecAugment, Interspeech: the masks.
"""

from collections.abc import Sequence
from typing import Any

from ser.models.backend import keras
from ser.models.networks.contract import SPECTROGRAM, Network
from ser.models.networks.layers import batch_normalization, penalty, time_major
from ser.models.networks.masking import TimeFrequencyMask

layers = keras.layers

N_POOLED = 2  # convolutions that halve the number of steps


def attention(
    inputs: Any,
    *,
    filters: Sequence[int],
    n_blocks: int,
    n_heads: int,
    dense_units: int,
    dropout: float,
    l2: float,
    **masks: int,
) -> Any:
    """Masks, convolutions that pool the bands, self-attention over time, then the mean and the maximum over time.

    Parameters
    ----------
    masks
        Arguments of `masked`.

    Examples
    --------
    >>> masks = {"max_time_mask": 20, "max_band_mask": 8, "n_masks": 2}
    >>> sizes = {"filters": [8, 8], "n_blocks": 1, "n_heads": 2, "dense_units": 16}
    >>> attention(keras.Input((64, 94)), **sizes, dropout=0.1, l2=0.0, **masks).shape
    (None, 32)
    """
    features = layers.Reshape((*inputs.shape[1:], 1))(masked(inputs, **masks))
    for k, n_filters in enumerate(filters):
        convolution = layers.Conv2D(n_filters, 3, padding="same", use_bias=False, kernel_regularizer=penalty(l2))
        features = batch_normalization()(convolution(features))
        features = layers.Activation("relu")(features)
        features = layers.MaxPooling2D(2 if k < N_POOLED else (2, 1))(features)
        features = layers.SpatialDropout2D(dropout)(features)
    features = layers.Dense(dense_units)(time_major(features))
    for _ in range(n_blocks):
        features = _attention_block(features, n_heads=n_heads, dropout=dropout)
    mean = layers.GlobalAveragePooling1D()(features)
    largest = layers.GlobalMaxPooling1D()(features)
    return layers.Dropout(dropout)(layers.Concatenate()([mean, largest]))


def masked(inputs: Any, *, max_time_mask: int, max_band_mask: int, n_masks: int) -> Any:
    """The spectrogram with random masks in training; see `TimeFrequencyMask`.

    Examples
    --------
    >>> masked(keras.Input((64, 94)), max_time_mask=20, max_band_mask=8, n_masks=2).shape
    (None, 64, 94)
    """
    return TimeFrequencyMask(max_time=max_time_mask, max_bands=max_band_mask, n_masks=n_masks)(inputs)


def _attention_block(features: Any, *, n_heads: int, dropout: float) -> Any:
    units = features.shape[-1]
    normal = layers.LayerNormalization()(features)
    attended = layers.MultiHeadAttention(n_heads, units // n_heads, dropout=dropout)(normal, normal)
    features = layers.Add()([features, layers.Dropout(dropout)(attended)])
    normal = layers.LayerNormalization()(features)
    transformed = layers.Dense(units)(layers.Dense(2 * units, activation="gelu")(normal))
    return layers.Add()([features, layers.Dropout(dropout)(transformed)])


NETWORK = Network(attention, takes=SPECTROGRAM, passes_settings_to=(masked,), custom_layers=(TimeFrequencyMask,))
