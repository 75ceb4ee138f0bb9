"""Hidden states of the encoder of Whisper by NumPy: one recording, of any length, on one core.

Three layers of base take 60 ms for 3.7 s. LiteRT takes 40 in single precision, after a conversion of 16 s by
TensorFlow; of an encoder that this package contains, the conversion is done (`whisper_litert`).
"""

from collections.abc import Sequence

import numpy as np

from ser.core.blas import ONE_BLAS_THREAD
from ser.features.encoders.whisper_weights import HEAD_WIDTH, Affine, Array, Layer, Weights

EPSILON = 1e-5  # added to the variance in the normalisations
KERNEL = 3  # frames of a convolution
BLOCK = 1 << 16  # values of a block, which stays in the cache of a core
SCALE = np.float32(1 / np.sqrt(2))
# Coefficients of the error function; its error is 1.5e-7 at most.
ERF_SLOPE = np.float32(0.3275911)
ERF_TERMS = tuple(map(np.float32, (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)))


class NumpyStates:
    """Spectra `(n_mels, n_frames)` -> hidden states `(n_states, width)`; a state has 20 ms.

    Examples
    --------
    >>> kernels = (np.zeros((3, n_inputs, 128), np.float32) for n_inputs in (80, 128))
    >>> first, second = (Affine(kernel, np.zeros(128, np.float32)) for kernel in kernels)
    >>> weights = Weights((first, second), positions=np.zeros((1500, 128), np.float32), layers=(), norm=None)
    >>> (found,) = NumpyStates(weights)(np.zeros((80, 100), np.float32), numbers=[0])  # 1 s
    >>> found.shape
    (50, 128)
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.n_mels, self.n_positions = weights.n_mels, len(weights.positions)
        self._projections = [_projection(layer) for layer in weights.layers]
        self._kernels = [Affine(kernel.reshape(-1, len(bias)), bias) for kernel, bias in weights.convolutions]

    def __call__(self, spectra: Array, numbers: Sequence[int]) -> list[Array]:
        """Hidden states of the given numbers, in that order; layers above the highest one are not computed.

        Parameters
        ----------
        spectra
            Of 20 ms to the length of the positions, which is 30 s.
        numbers
            0 for the input of the first layer, `k` for the output of layer `k`; the last is normalised.
        """
        with ONE_BLAS_THREAD:  # sums must not depend on the number of cores
            found = [self._input(spectra)]
            for layer, projection in zip(self._weights.layers[: max(numbers)], self._projections, strict=False):
                found.append(_output(found[-1], layer, projection))
            if self._weights.norm is not None and len(found) == len(self._weights.layers) + 1:
                found[-1] = _normal(found[-1], self._weights.norm)
        return [found[number] for number in numbers]

    def _input(self, spectra: Array) -> Array:
        first, second = self._kernels
        frames = _gelu(_windows(np.ascontiguousarray(spectra.T), stride=1) @ first.kernel + first.bias)
        frames = _gelu(_windows(frames, stride=2) @ second.kernel + second.bias)
        return frames + self._weights.positions[: len(frames)]


def _windows(frames: Array, *, stride: int) -> Array:
    """Each frame beside the one before and the one after it, `(n_windows, 3 * width)`; zeros beyond the ends."""
    padded = np.pad(frames, ((1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, KERNEL, axis=0)[::stride]
    flat: Array = windows.transpose(0, 2, 1).reshape(len(windows), -1)
    return flat


def _projection(layer: Layer) -> Affine:
    """Queries, keys and values in one product; the queries are scaled."""
    scale = np.float32(HEAD_WIDTH**-0.5)
    parts = (Affine(layer.query.kernel * scale, layer.query.bias * scale), layer.key, layer.value)
    return Affine(*(np.concatenate(arrays, axis=-1) for arrays in zip(*parts, strict=True)))


def _output(frames: Array, layer: Layer, projection: Affine) -> Array:
    """Output of a layer."""
    normal = _normal(frames, layer.attention_norm)
    frames = frames + _product(_attended(_product(normal, projection)), layer.output)
    normal = _normal(frames, layer.dense_norm)
    frames += _product(_gelu(_product(normal, layer.expand)), layer.contract)
    return frames


def _product(frames: Array, weights: Affine) -> Array:
    found: Array = frames @ weights.kernel
    found += weights.bias
    return found


def _attended(projected: Array) -> Array:
    """Self-attention of queries, keys and values, `(n_frames, 3 * width)` -> `(n_frames, width)`."""
    n_frames = len(projected)
    parts: Array = projected.reshape(n_frames, 3, -1, HEAD_WIDTH)
    query, key, value = parts.transpose(1, 2, 0, 3)
    share: Array = query @ key.transpose(0, 2, 1)
    share -= share.max(axis=-1, keepdims=True)
    np.exp(share, out=share)
    share /= share.sum(axis=-1, keepdims=True)
    attended: Array = (share @ value).transpose(1, 0, 2)
    return attended.reshape(n_frames, -1)


def _normal(frames: Array, weights: Affine) -> Array:
    """Layer normalisation."""
    centred = frames - frames.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", centred, centred)[:, np.newaxis] / np.float32(frames.shape[1])
    centred /= np.sqrt(variance + np.float32(EPSILON))
    centred *= weights.kernel
    centred += weights.bias
    return np.asarray(centred, np.float32)


def _gelu(values: Array) -> Array:
    """Gaussian error linear unit; it overwrites `values`.

    References
    ----------
    .. [1] Abramowitz and Stegun (1964), Handbook of mathematical functions, 7.1.26.
    """
    flat = values.reshape(-1)
    for start in range(0, flat.size, BLOCK):
        block = flat[start : start + BLOCK]
        size = np.abs(block) * SCALE
        reciprocal = 1 / (1 + ERF_SLOPE * size)
        tail = np.full_like(block, ERF_TERMS[0])
        for term in ERF_TERMS[1:]:
            tail *= reciprocal
            tail += term
        tail *= reciprocal
        size *= -size
        tail *= np.exp(size, out=size)  # 1 - erf, for a positive argument
        tail *= np.abs(block) * np.float32(0.5)
        np.subtract(np.maximum(block, 0), tail, out=block)
    return values
