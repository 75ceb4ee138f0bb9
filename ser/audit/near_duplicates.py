"""Which recordings are copies of each other: encoded anew, louder, cut, shifted, resampled; by their fingerprints.

Near neighbours are found by what does not change with a shift, and compared at every shift. Time and memory grow with
the number of recordings (the search for neighbours, of which there are few, takes little of the time up to tens of
thousands), never with that of pairs.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.fft
from sklearn.neighbors import NearestNeighbors

Array = npt.NDArray[np.float32]

# Of RAVDESS, 0.64 is the highest of different takes of one sentence by one speaker; of EmoDB 0.41, and of two voices of
# one synthesiser 0.63. Copies have 0.76 and more: MP3 of 34 kbit/s, Opus of 25, other levels and rates, 0.5 s cut off.
SIMILARITY = 0.75
N_NEIGHBOURS = 8  # of each recording, that are compared with it
PERIOD = 64  # frames, whose multiples are folded onto each other: 32 modulation frequencies
POOLED = 3  # bands that are summed for the search


def pairs(fingerprints: Sequence[Array], *, similarity: float = SIMILARITY) -> pd.DataFrame:
    """Pairs of fingerprints, each `(n_bands, n_frames)`, that are alike: first, second (indices), similarity.

    Sorted by index. Recordings with more copies than `N_NEIGHBOURS` are paired with the nearest of them.
    """
    columns = ["first", "second", "similarity"]
    if len(fingerprints) < 2:
        return pd.DataFrame(
            {name: pd.Series(dtype=kind) for name, kind in zip(columns, (int, int, float), strict=True)}
        )
    vectors = np.stack([shift_invariant(one) for one in fingerprints])
    search = NearestNeighbors(n_neighbors=min(N_NEIGHBOURS + 1, len(vectors))).fit(vectors)
    near = search.kneighbors(vectors, return_distance=False)  # itself among them
    ends = np.stack([np.repeat(np.arange(len(near)), near.shape[1]), near.ravel()])
    candidates = np.unique(np.sort(ends, axis=0).T[ends[0] != ends[1]], axis=0)
    found = [(i, j, similarity_of(fingerprints[i], fingerprints[j])) for i, j in candidates.tolist()]
    alike = [pair for pair in found if pair[2] >= similarity]
    return pd.DataFrame(alike, columns=columns).astype(dict(zip(columns, (int, int, float), strict=True)))


def shift_invariant(fingerprint: Array) -> Array:
    """Magnitudes of the modulation of bands, `(n_bands / POOLED * (1 + PERIOD / 2),)`, of length 1; zero of silence."""
    n_frames = fingerprint.shape[1]
    padded = np.pad(fingerprint, ((0, 0), (0, -n_frames % PERIOD)))
    folded = padded.reshape(len(fingerprint), -1, PERIOD).sum(axis=1)  # all that these frequencies see
    modulation = np.abs(np.fft.rfft(folded, axis=1))
    magnitude = np.add.reduceat(modulation, np.arange(0, len(modulation), POOLED), axis=0).ravel()
    length = np.linalg.norm(magnitude)
    return np.asarray(magnitude / length if length > 0 else magnitude, np.float32)


def similarity_of(first: Array, second: Array) -> float:
    """Correlation of two fingerprints at the shift that has the highest; 1 of equal ones, 0 where one is silence."""
    energy = float(np.square(first, dtype=np.float64).sum() * np.square(second, dtype=np.float64).sum())
    if energy == 0:
        return 0.0
    length = scipy.fft.next_fast_len(first.shape[1] + second.shape[1], real=True)
    spectra = scipy.fft.rfft(first, length) * scipy.fft.rfft(second, length).conj()
    return float(scipy.fft.irfft(spectra.sum(axis=0), length).max() / np.sqrt(energy))
