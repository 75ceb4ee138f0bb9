"""Encoding of an utterance by a frozen speech encoder: the representation `ssl`.

The weights of the layers are a setting and not trained, because the table of features exists before training.

References
----------
.. [1] Yang et al. (2021), SUPERB, Interspeech: weighted sums of the hidden states of an encoder.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ser.audio import waveforms
from ser.features.definition import Definition
from ser.features.encoders import hugging_face, transformers_encoder
from ser.features.encoders.speech_excerpt import encodable
from ser.features.encoders.transformers_encoder import Array

Unavailable = transformers_encoder.Unavailable
loaded = transformers_encoder.loaded


def encoding(
    waveform: waveforms.Waveform,
    recorded_rate: int,
    *,
    model: str,
    revision: str | None,
    layers: Sequence[int] | None,
    weights: Sequence[float] | None,
    max_duration: float,
) -> dict[str, float]:
    """Mean, then deviation, over the frames of a weighted sum of layers: `SSL_1`, `SSL_2`, …, for each dimension.

    Parameters
    ----------
    waveform
        `(n_samples,)` at `recorded_rate` Hz, of which the first `max_duration` seconds are encoded.
    model, revision
        The encoder, which each process loads once.
    layers, weights
        Indices of hidden states, where 0 is the input of the first layer, and a weight of each, in any unit. None: all
        states, equal weights.

    Raises
    ------
    ValueError
        If the encoder is not available or does not take `max_duration`, or the layers or weights do not fit it.
    """
    encoder = loaded(model, revision)
    states = encoder(
        encodable(
            waveform,
            recorded_rate,
            sample_rate=encoder.sample_rate,
            max_duration=max_duration,
            limit=encoder.limit,
            section="ssl",
        )
    )
    values = pooled(states, layer_weights(len(states), layers, weights))
    return {f"SSL_{k}": float(value) for k, value in enumerate(values, start=1)}


def layer_weights(
    n_states: int, layers: Sequence[int] | None, weights: Sequence[float] | None
) -> npt.NDArray[np.float64]:
    """Weight of each of the hidden states, `(n_states,)`; they sum to 1.

    Raises
    ------
    ValueError
        If a layer is not one of 0 to `n_states` - 1, or is named twice; or if there is not one weight for each layer,
        a weight is negative, or all are 0.

    Examples
    --------
    >>> layer_weights(3, layers=[0, 2], weights=[1, 3]).tolist()
    [0.25, 0.0, 0.75]
    """
    chosen = list(range(n_states)) if layers is None else list(layers)
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(range(n_states)):
        raise ValueError(
            f"ssl.layers is {chosen}; choose from 0 (the input of the first layer) to {n_states - 1}, each once at most"
        )
    given = np.ones(len(chosen)) if weights is None else np.asarray(weights, np.float64)
    if given.shape != (len(chosen),) or not np.isfinite(given).all() or (given < 0).any() or not given.any():
        raise ValueError(
            f"ssl.weights is {weights}; give one weight for each layer ({len(chosen)}), 0 or above and not all 0; or"
            " null for equal weights"
        )
    found = np.zeros(n_states)
    found[chosen] = given / given.sum()
    return found


def pooled(states: Sequence[Array], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean, then deviation, of each dimension over the frames of the weighted sum of `states`, `(2 * n_dimensions,)`.

    Parameters
    ----------
    states
        `(n_frames, n_dimensions)` each.

    Examples
    --------
    >>> state = np.array([[0.0, 2.0], [2.0, 2.0]], np.float32)  # of 2 frames
    >>> pooled([state], np.ones(1)).tolist()
    [1.0, 2.0, 1.0, 0.0]
    """
    summed = np.zeros(states[0].shape)
    for state, weight in zip(states, weights, strict=True):
        if weight:
            summed += weight * state
    return np.concatenate([summed.mean(axis=0), summed.std(axis=0)])


REPRESENTATION = Definition(
    encoding,
    prepare=lambda settings: loaded(settings["model"], settings["revision"]),
    is_threaded=True,  # each process would need the memory of another encoder
    libraries=("torch", "transformers"),
    unknown_networks=hugging_face.unknown,
)
