"""Find recordings that are copies of each other (encoded again, louder, cut, shifted, resampled) by fingerprints.

A search for nearest neighbours uses values that do not change with a shift; the neighbours are then compared at every
shift. Time and memory grow with the number of recordings, not with the number of pairs; up to tens of thousands of
recordings, the search takes little of the time.
"""

from collections.abc import Sequence

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


def pairs(fingerprints: Sequence[Array], *, similarity: float = SIMILARITY) -> pd.DataFrame:
    """Pairs of fingerprints with at least the given similarity, sorted by index.

    A recording with more than `N_NEIGHBOURS` copies is paired with the nearest of them only.

    Parameters
    ----------
    fingerprints
        `(n_bands, n_frames)` each.

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
    if len(fingerprints) < 2:
        return pd.DataFrame(
            {name: pd.Series(dtype=kind) for name, kind in zip(columns, (int, int, float), strict=True)}
        )
    vectors = np.stack([shift_invariant(one) for one in fingerprints])
    search = NearestNeighbors(n_neighbors=min(N_NEIGHBOURS + 1, len(vectors))).fit(vectors)
    near = search.kneighbors(vectors, return_distance=False)  # includes the recording itself
    ends = np.stack([np.repeat(np.arange(len(near)), near.shape[1]), near.ravel()])
    candidates = np.unique(np.sort(ends, axis=0).T[ends[0] != ends[1]], axis=0)
    found = [(i, j, similarity_of(fingerprints[i], fingerprints[j])) for i, j in candidates.tolist()]
    alike = [pair for pair in found if pair[2] >= similarity]
    return pd.DataFrame(alike, columns=columns).astype(dict(zip(columns, (int, int, float), strict=True)))


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
