"""What a frozen speech encoder makes of an utterance: the representation `ssl`."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ser.audio import waveforms
from ser.audio.excerpts import excerpt
from ser.features.encoders import network
from ser.features.encoders.network import Array, Encoder

Unavailable = network.Unavailable
loaded = network.loaded


def encodings_of(
    recordings: Sequence[tuple[waveforms.Waveform, int]],
    *,
    model: str,
    revision: str | None,
    layers: Sequence[int] | None,
    weights: Sequence[float] | None,
    max_duration: float,
) -> list[dict[str, float]]:
    """`encoding` of each recording, by the encoder `model`, which each process loads once.

    Raises
    ------
    Unavailable
        If the encoder cannot be had or used.
    ValueError
        As `encoding`.
    """
    encoder = loaded(model, revision)
    return [
        encoding(*recording, encoder=encoder, layers=layers, weights=weights, max_duration=max_duration)
        for recording in recordings
    ]


def encoding(
    waveform: waveforms.Waveform,
    recorded_rate: int,
    *,
    encoder: Encoder,
    layers: Sequence[int] | None,
    weights: Sequence[float] | None,
    max_duration: float,
) -> dict[str, float]:
    """Mean, then deviation, over the frames of a weighted sum of layers: `SSL_1`, `SSL_2`, …, of each dimension.

    Parameters
    ----------
    waveform
        `(n_samples,)` at `recorded_rate` Hz, of which the first `max_duration` seconds are encoded.
    layers
        Hidden states: 0 is what enters the first layer; None: all.
    weights
        One a layer, of which their sum is made 1; None: all equal.

    Raises
    ------
    ValueError
        If there are no such layers, their weights are none, or the encoder cannot take `max_duration`.

    References
    ----------
    .. [1] Yang et al. (2021), SUPERB, Interspeech: weighted sums of an encoder's hidden states. There the weights are
       learned with the classifier; a table of features is made before, and so they are a setting.
    """
    if max_duration > encoder.limit:
        raise ValueError(
            f"ssl.max_duration is {max_duration} s, and the encoder takes {encoder.limit} s at most; choose"
            f" -S ssl.max_duration={encoder.limit}"
        )
    states = encoder(excerpt(waveform, recorded_rate, sample_rate=encoder.sample_rate, duration=max_duration))
    values = pooled(states, layer_weights(len(states), layers, weights))
    return {f"SSL_{k}": float(value) for k, value in enumerate(values, start=1)}


def layer_weights(
    n_states: int, layers: Sequence[int] | None, weights: Sequence[float] | None
) -> npt.NDArray[np.float64]:
    """Weight of each of the hidden states, `(n_states,)`; they sum to 1.

    Raises
    ------
    ValueError
        If a layer is none of 0 to `n_states` - 1, or named twice; or the weights are not one a layer, from 0, and some
        above.
    """
    chosen = list(range(n_states)) if layers is None else list(layers)
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(range(n_states)):
        raise ValueError(
            f"ssl.layers is {chosen}; name some of 0 to {n_states - 1}, each once, 0 being what enters the first layer"
        )
    given = np.ones(len(chosen)) if weights is None else np.asarray(weights, np.float64)
    if given.shape != (len(chosen),) or not np.isfinite(given).all() or (given < 0).any() or not given.any():
        raise ValueError(
            f"ssl.weights is {weights}; give one a layer ({len(chosen)}), none below 0 and some above, or null for all"
            " equal"
        )
    found = np.zeros(n_states)
    found[chosen] = given / given.sum()
    return found


def pooled(states: Sequence[Array], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean, then deviation, of each dimension over the frames of the sum of `states` weighted by `weights`.

    Parameters
    ----------
    states
        `(n_frames, n_dimensions)` each.
    """
    summed = np.zeros(states[0].shape)
    for state, weight in zip(states, weights, strict=True):
        if weight:
            summed += weight * state
    return np.concatenate([summed.mean(axis=0), summed.std(axis=0)])
