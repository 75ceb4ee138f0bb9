"""Random changes of spectrograms that imitate other voices, tempos, distances and rooms, drawn anew in every epoch."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]

N_CORNERS = (3, 6)  # fewest and most corners of a random filter


@dataclass(frozen=True)
class Variation:
    """Bounds of the changes; each change is drawn uniformly.

    Examples
    --------
    >>> bounds = Variation(0.1, 10, 0.1, 1, max_gain=0, max_filter_gain=0, n_masks=1, max_time_mask=20, max_band_mask=8)
    >>> bounds.max_time_mask  # frames
    20
    """

    max_stretch: float
    """Stretch of time, about the middle; 0.1: a factor of 0.9 to 1.1."""
    max_delay: float
    """Shift in frames, later or earlier."""
    max_warp: float
    """Stretch of frequency, about the lowest band; 0.1: a factor of 0.9 to 1.1."""
    max_transposition: float
    """Shift in bands, up or down."""
    max_gain: float
    """Gain in the unit of the spectrogram, louder or quieter."""
    max_filter_gain: float
    """Gain in that unit at 3 to 6 bands, the lowest and the highest among them, and linear between them."""
    n_masks: int
    """Number of stretches of time that are set to the mean, and of stretches of bands."""
    max_time_mask: int
    """Length of the longest mask, in frames."""
    max_band_mask: int
    """Width of the widest mask, in bands."""

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises
        ------
        ValueError
            If one is negative.
        """
        for name, bound in vars(self).items():
            if bound < 0:
                raise ValueError(f"training.variation.{name} is {bound}; it must be 0 or more")

    def check_masks(self, n_bands: int, n_frames: int) -> None:
        """Raise a `ValueError` if a mask could be wider than a spectrogram of this size.

        Examples
        --------
        >>> bounds = dict.fromkeys(Variation.__dataclass_fields__, 0) | {"max_time_mask": 120}
        >>> Variation(**bounds).check_masks(64, 94)
        Traceback (most recent call last):
        ValueError: training.variation.max_time_mask is 120; it must be from 0 to 94, the size of the spectrogram
        """
        for name, size in (("max_time_mask", n_frames), ("max_band_mask", n_bands)):
            if (widest := getattr(self, name)) > size:
                wanted = f"it must be from 0 to {size}, the size of the spectrogram"
                raise ValueError(f"training.variation.{name} is {widest}; {wanted}")


def varied(spectrogram: Values, rng: np.random.Generator, **bounds: Any) -> Values:
    """Change tempo, time, vocal tract, pitch, level and room of a spectrogram at random, and mask parts of it.

    Values beyond an edge repeat the edge. No cell becomes quieter than the quietest one.

    Parameters
    ----------
    spectrogram
        Logarithmic, `(n_bands, n_frames)`.
    bounds
        Fields of `Variation`.

    Raises
    ------
    ValueError
        If a bound is negative, or a mask could be wider than the spectrogram.

    Examples
    --------
    >>> none = dict.fromkeys(Variation.__dataclass_fields__, 0)
    >>> values = np.arange(6, dtype=np.float32).reshape(2, 3)
    >>> varied(values, np.random.default_rng(0), **none).tolist() == values.tolist()
    True

    References
    ----------
    .. [1] Park et al. (2019), SpecAugment, Interspeech: masks and warps of time.
    .. [2] Nam, Kim and Park (2022), FilterAugment, ICASSP: the linear type.
    .. [3] Jaitly and Hinton (2013), Vocal tract length perturbation improves speech recognition, ICML workshop.
    """
    most = Variation(**bounds)
    n_bands, n_frames = spectrogram.shape
    most.check_masks(n_bands, n_frames)
    middle = (n_frames - 1) / 2
    stretch, warp = 1 + rng.uniform(-most.max_stretch, most.max_stretch), 1 + rng.uniform(-most.max_warp, most.max_warp)
    frames = middle + (np.arange(n_frames) - middle) * stretch + rng.uniform(-most.max_delay, most.max_delay)
    bands = np.arange(n_bands) * warp + rng.uniform(-most.max_transposition, most.max_transposition)
    changed = _interpolated(_interpolated(spectrogram, bands).T, frames).T
    level = rng.uniform(-most.max_gain, most.max_gain)
    gain = (level + _filter(rng, n_bands, most.max_filter_gain)).astype(np.float32)[:, np.newaxis]
    changed = np.maximum(changed + gain, spectrogram.min())
    for axis, widest in ((1, most.max_time_mask), (0, most.max_band_mask)):
        for _ in range(most.n_masks):
            _mask(changed, rng, axis=axis, widest=widest)
    return np.asarray(changed, np.float32)


def _interpolated(rows: Values, positions: npt.NDArray[np.floating[Any]]) -> Any:
    """Rows at fractional positions, by linear interpolation; beyond the ends, the first and the last row."""
    inside = np.clip(positions, 0, len(rows) - 1)
    below = np.minimum(inside.astype(np.intp), len(rows) - 2)
    share = (inside - below)[:, np.newaxis].astype(np.float32)
    return rows[below] * (1 - share) + rows[below + 1] * share


def _filter(rng: np.random.Generator, n_bands: int, max_gain: float) -> npt.NDArray[np.float64]:
    """Gain of each band of a random smooth filter, `(n_bands,)`; with a bound of 0, nothing is drawn."""
    if not max_gain:
        return np.zeros(n_bands)
    n_corners = rng.integers(*N_CORNERS, endpoint=True)
    corners = np.concatenate([[0, n_bands - 1], rng.uniform(0, n_bands - 1, n_corners - 2)])
    return np.interp(np.arange(n_bands), np.sort(corners), rng.uniform(-max_gain, max_gain, n_corners))


def _mask(spectrogram: Values, rng: np.random.Generator, *, axis: int, widest: int) -> None:
    """Set a random stretch of an axis to the mean of all cells, in place."""
    width = rng.integers(0, widest, endpoint=True)
    start = rng.integers(0, spectrogram.shape[axis] - width, endpoint=True)
    hidden = (slice(None), slice(start, start + width)) if axis else slice(start, start + width)
    spectrogram[hidden] = spectrogram.mean()
