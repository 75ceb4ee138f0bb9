"""Find recordings that are copies of each other (encoded again, louder, cut, shifted, resampled) by fingerprints.

A search for nearest neighbours uses values that do not change with a shift; the neighbours are then compared at every
shift. The fingerprints wait for this in a temporary file, so memory has 5 kB of each recording. The time of the search
grows with the square of the number of recordings: 2.5 s of a core for 10,000, 22 s for 30,000.
"""

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.fft
from sklearn.neighbors import NearestNeighbors

Array = npt.NDArray[np.float32]

# Highest similarity of different takes of one sentence by one speaker: 0.64 in RAVDESS, 0.41 in EmoDB; of two voices of
# one synthesiser: 0.63. Copies have 0.76 or more (MP3 at 34 kbit/s, Opus at 25, other levels and rates, 0.5 s cut off).
SIMILARITY = 0.75
N_NEIGHBOURS = 8  # neighbours of each recording that are compared with it
PERIOD = 64  # frames; segments of this length are added, which gives 33 modulation frequencies
POOLED = 3  # bands that are added for the search
IN_MEMORY = 2**26  # bytes of fingerprints; more are written to a file


def pairs(fingerprints: Iterable[Array], *, similarity: float = SIMILARITY) -> pd.DataFrame:
    """Pairs of fingerprints with at least the given similarity, sorted by index.

    A recording with more than `N_NEIGHBOURS` copies is paired with the nearest of them only.

    Parameters
    ----------
    fingerprints
        `(n_bands, n_frames)` each, of any number of frames; they are read once.

    Returns
    -------
    DataFrame
        first and second (indices), similarity.

    Examples
    --------
    >>> first, other = np.random.default_rng(0).normal(size=(2, 47, 100))
    >>> copy = 2 * first[:, 10:]
    >>> pairs([first, other, copy])[["first", "second"]].to_numpy().tolist()
    [[0, 2]]
    """
    columns = ["first", "second", "similarity"]
    with Kept() as kept:
        vectors = [shift_invariant(one) for one in kept.adding(fingerprints)]
        compared = ((i, j, similarity_of(kept[i], kept[j])) for i, j in _candidates(vectors))
        alike = [pair for pair in compared if pair[2] >= similarity]
    return pd.DataFrame(alike, columns=columns).astype(dict(zip(columns, (int, int, float), strict=True)))


def _candidates(vectors: list[Array]) -> Iterator[tuple[int, int]]:
    """Indices of each recording and its neighbours, sorted; the smaller one is first."""
    if len(vectors) < 2:
        return
    points = np.stack(vectors)
    search = NearestNeighbors(n_neighbors=min(N_NEIGHBOURS + 1, len(points))).fit(points)
    near = search.kneighbors(points, return_distance=False)  # includes the recording itself
    ends = np.stack([np.repeat(np.arange(len(near)), near.shape[1]), near.ravel()])
    for first, second in np.unique(np.sort(ends, axis=0).T[ends[0] != ends[1]], axis=0):
        yield int(first), int(second)


class Kept:
    """Arrays in a temporary file, which is in memory as long as it is small.

    Examples
    --------
    >>> with Kept() as kept:
    ...     shapes = [one.shape for one in kept.adding([np.zeros((2, 3)), np.ones((2, 1), np.float32)])]
    ...     kept[1].tolist(), str(kept[0].dtype), shapes
    ([[1.0], [1.0]], 'float64', [(2, 3), (2, 1)])
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (closed by __exit__)
        self._places: list[tuple[int, tuple[int, ...], np.dtype[np.floating]]] = []

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def adding(self, arrays: Iterable[Array]) -> Iterator[Array]:
        """Keep each of the arrays, and yield it."""
        for array in arrays:
            self._places.append((self._file.tell(), array.shape, array.dtype))
            self._file.write(array.tobytes())
            yield array

    def __getitem__(self, index: int) -> Array:
        """Array that was added at this position."""
        start, shape, kind = self._places[index]
        self._file.seek(start)
        size = int(np.prod(shape)) * kind.itemsize
        return np.frombuffer(self._file.read(size), kind).reshape(shape)


def shift_invariant(fingerprint: Array) -> Array:
    """Magnitudes of the modulation of the bands, `(ceil(n_bands / POOLED) * (1 + PERIOD / 2),)`, with Euclidean norm 1.

    Silence gives zeros. A shift of the recording changes the result little.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(47, 64)).astype(np.float32)
    >>> shifted = np.roll(noise, 5, axis=1)
    >>> round(float(shift_invariant(noise) @ shift_invariant(shifted)), 4)
    1.0
    """
    n_frames = fingerprint.shape[1]
    padded = np.pad(fingerprint, ((0, 0), (0, -n_frames % PERIOD)))
    folded = padded.reshape(len(fingerprint), -1, PERIOD).sum(axis=1)  # has the same spectrum at these frequencies
    modulation = np.abs(np.fft.rfft(folded, axis=1))
    magnitude = np.add.reduceat(modulation, np.arange(0, len(modulation), POOLED), axis=0).ravel()
    length = np.linalg.norm(magnitude)
    return np.asarray(magnitude / length if length > 0 else magnitude, np.float32)


def similarity_of(first: Array, second: Array) -> float:
    """Highest correlation of two fingerprints over all shifts: 1 for equal ones, 0 if one is silence.

    Examples
    --------
    >>> first = np.random.default_rng(0).normal(size=(47, 100))
    >>> round(similarity_of(first, 3 * first), 6)
    1.0
    """
    energy = float(np.square(first, dtype=np.float64).sum() * np.square(second, dtype=np.float64).sum())
    if energy == 0:
        return 0.0
    length = scipy.fft.next_fast_len(first.shape[1] + second.shape[1], real=True)
    spectra = scipy.fft.rfft(first, length) * scipy.fft.rfft(second, length).conj()
    return float(scipy.fft.irfft(spectra.sum(axis=0), length).max() / np.sqrt(energy))
