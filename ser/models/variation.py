"""Spectrograms as other voices, tempos, distances and rooms would have made them: anew in every epoch."""

from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]

N_CORNERS = (3, 6)  # of a random filter, least and most


def varied(
    spectrogram: Values,
    rng: np.random.Generator,
    *,
    max_stretch: float,
    max_delay: float,
    max_warp: float,
    max_transposition: float,
    max_gain: float,
    max_filter_gain: float,
    n_masks: int,
    max_time_mask: int,
    max_band_mask: int,
) -> Values:
    """A spectrogram spoken faster, later, by a longer vocal tract, higher, louder, in another room, and partly hidden.

    Every change is drawn uniformly. What is beyond an edge is the edge; nothing becomes quieter than the quietest cell.

    Parameters
    ----------
    spectrogram
        Logarithmic, `(n_bands, n_frames)`.
    max_stretch, max_warp
        Of time about the middle, and of frequency about the lowest band; 0.1: by a factor of 0.9 to 1.1.
    max_delay, max_transposition
        Frames and bands.
    max_gain
        In the spectrogram's unit.
    max_filter_gain
        In that unit, too: of 3 to 6 bands, the lowest and the highest among them, and linear between them.
    n_masks
        Bands and stretches of time that are set to the mean, as many of each.
    max_time_mask, max_band_mask
        Frames and bands; the widest mask.

    References
    ----------
    .. [1] Park et al. (2019), SpecAugment, Interspeech: masks and warps of time.
    .. [2] Nam, Kim and Park (2022), FilterAugment, ICASSP: the linear type.
    .. [3] Jaitly and Hinton (2013), Vocal tract length perturbation improves speech recognition, ICML workshop.
    """
    n_bands, n_frames = spectrogram.shape
    middle = (n_frames - 1) / 2
    stretch, warp = 1 + rng.uniform(-max_stretch, max_stretch), 1 + rng.uniform(-max_warp, max_warp)
    frames = middle + (np.arange(n_frames) - middle) * stretch + rng.uniform(-max_delay, max_delay)
    bands = np.arange(n_bands) * warp + rng.uniform(-max_transposition, max_transposition)
    changed = _interpolated(_interpolated(spectrogram, bands).T, frames).T
    gain = (rng.uniform(-max_gain, max_gain) + _filter(rng, n_bands, max_filter_gain)).astype(np.float32)[:, np.newaxis]
    changed = np.maximum(changed + gain, spectrogram.min())
    for axis, widest in ((1, max_time_mask), (0, max_band_mask)):
        for _ in range(n_masks):
            _masked(changed, rng, axis=axis, widest=widest)
    return np.asarray(changed, np.float32)


def _interpolated(rows: Values, positions: npt.NDArray[np.floating[Any]]) -> Any:
    """Rows at fractional positions, linearly; the first and the last one beyond them."""
    inside = np.clip(positions, 0, len(rows) - 1)
    below = np.minimum(inside.astype(np.intp), len(rows) - 2)
    share = (inside - below)[:, np.newaxis].astype(np.float32)
    return rows[below] * (1 - share) + rows[below + 1] * share


def _filter(rng: np.random.Generator, n_bands: int, max_gain: float) -> npt.NDArray[np.float64]:
    """Gain of each band of a random smooth filter, `(n_bands,)`; without any, nothing is drawn."""
    if not max_gain:
        return np.zeros(n_bands)
    n_corners = rng.integers(*N_CORNERS, endpoint=True)
    corners = np.concatenate([[0, n_bands - 1], rng.uniform(0, n_bands - 1, n_corners - 2)])
    return np.interp(np.arange(n_bands), np.sort(corners), rng.uniform(-max_gain, max_gain, n_corners))


def _masked(spectrogram: Values, rng: np.random.Generator, *, axis: int, widest: int) -> None:
    """Set a random stretch of an axis to the mean of all."""
    width = rng.integers(0, widest, endpoint=True)
    start = rng.integers(0, spectrogram.shape[axis] - width, endpoint=True)
    hidden = (slice(None), slice(start, start + width)) if axis else slice(start, start + width)
    spectrogram[hidden] = spectrogram.mean()
