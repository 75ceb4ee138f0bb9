"""Samples that arrive in pieces of any length: tiny pieces cost little."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class Samples:
    """Samples that come at the end and leave at the beginning.

    The memory is twice that of the samples at most, and a piece is copied twice on average, whatever its length.

    Examples
    --------
    >>> samples = Samples()
    >>> for number in range(4):
    ...     samples.add(np.array([number], np.float32))
    >>> first = samples.all
    >>> samples.drop(3)
    >>> samples.add(np.array([4, 5], np.float32))
    >>> first, samples.all, len(samples)
    (array([0., 1., 2., 3.], dtype=float32), array([3., 4., 5.], dtype=float32), 3)
    """

    def __init__(self) -> None:
        self._store: Array = np.empty(0, np.float32)
        self._first = self._last = 0

    def __len__(self) -> int:
        """Number of samples (of each channel)."""
        return self._last - self._first

    @property
    def all(self) -> Array:
        """The samples, `(n_samples,)` or `(n_samples, n_channels)`; they stay as they are when others come."""
        return self._store[self._first : self._last]

    def add(self, piece: Array) -> None:
        """Take a piece; all pieces have the same number of channels."""
        last = self._last + len(piece)
        if last > len(self._store):  # a new one: parts of the former one may be in use elsewhere
            kept = self.all
            store = np.empty((2 * (len(kept) + len(piece)), *piece.shape[1:]), np.float32)
            if len(kept):
                store[: len(kept)] = kept
            self._store, self._first, self._last = store, 0, len(kept)
            last = self._last + len(piece)
        self._store[self._last : last] = piece
        self._last = last

    def drop(self, number: int) -> None:
        """Forget the first `number` samples."""
        self._first = min(self._first + number, self._last)
