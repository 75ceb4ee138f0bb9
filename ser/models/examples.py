"""Rows of a representation with their labels, in batches that are read from disk when they are needed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.utils.class_weight import compute_class_weight

from ser.models.backend import keras
from ser.models.settings import NetworkTraining
from ser.models.variation import varied

Values = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

CHUNK = 256  # rows that are in memory at once outside of training


@dataclass(frozen=True)
class Examples:
    """Rows of a representation and their labels.

    Examples
    --------
    >>> examples = Examples(np.arange(6, dtype=np.float32).reshape(3, 2), np.array([0, 2]), codes=np.array([1, 0]))
    >>> len(examples), examples.row_shape
    (2, (2,))
    >>> examples.taken(slice(0, 2)).tolist()
    [[0.0, 1.0], [4.0, 5.0]]
    >>> [chunk.shape for chunk in examples.chunks()]
    [(2, 2)]
    """

    values: Values
    """All rows of the representation, `(n_rows, …)`, perhaps a memory map."""
    positions: Indices
    """Positions of the examples among these rows, `(n_examples,)`."""
    codes: Indices
    """Index of the label of each example, `(n_examples,)`."""

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the values of one example."""
        return self.values.shape[1:]

    def taken(self, chosen: Indices | slice) -> Values:
        """Values of the chosen examples, `(n_chosen, …)`.

        Raises
        ------
        ValueError
            If a value is NaN or infinite.
        """
        values = self.values[self.positions[chosen]]
        if not np.isfinite(values).all():
            bad = self.positions[chosen][~np.isfinite(values).all(axis=tuple(range(1, values.ndim)))]
            raise ValueError(
                f"{len(bad)} rows of the representation have NaN or infinite values, the first is row {bad[0]}; extract"
                " it again with: dvc repro -f and the name of its extract stage"
            )
        return values

    def chunks(self) -> Iterator[Values]:
        """Values of all examples, `(CHUNK, …)` at a time."""
        for start in range(0, len(self), CHUNK):
            yield self.taken(slice(start, start + CHUNK))


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of examples; seed and epoch determine their order, variation and mixing.

    Examples
    --------
    >>> examples = Examples(np.ones((3, 2), np.float32), np.arange(3), np.array([0, 1, 1]))
    >>> from types import SimpleNamespace
    >>> training = SimpleNamespace(batch_size=2, variation=None, label_smoothing=0.1, mixup=0.0)
    >>> batches = Batches(examples, training, weight=np.ones(2, np.float32), seed=0, epoch=0)
    >>> len(batches), [part.shape for part in batches[0]]
    (2, [(2, 2), (2, 2), (2,)])
    """

    def __init__(self, examples: Examples, training: NetworkTraining, *, weight: Values, seed: int, epoch: int) -> None:
        super().__init__()
        self.examples, self.training, self.weight = examples, training, weight
        self.seeds = [seed, epoch]
        self.order = np.random.default_rng(self.seeds).permutation(len(examples))

    def __len__(self) -> int:
        return n_batches(self.examples, self.training.batch_size)

    def __getitem__(self, index: int) -> tuple[Values, Values, Values]:
        """Values, shares of each label, `(n_rows, n_labels)`, and weights of one batch."""
        training = self.training
        chosen = self.order[index * training.batch_size : (index + 1) * training.batch_size]
        rng = np.random.default_rng([*self.seeds, index])
        values = self.examples.taken(chosen)
        if training.variation is not None:
            values = np.stack([varied(row, rng, **training.variation) for row in values])
        n_labels = len(self.weight)
        shares = np.eye(n_labels, dtype=np.float32)[self.examples.codes[chosen]]
        weight = shares @ self.weight
        shares = shares * (1 - training.label_smoothing) + training.label_smoothing / n_labels
        if training.mixup:
            share = rng.beta(training.mixup, training.mixup)
            other = rng.permutation(len(chosen))
            values, shares, weight = (
                (share * one + (1 - share) * one[other]).astype(np.float32) for one in (values, shares, weight)
            )
        return values, shares.astype(np.float32), weight


def n_batches(examples: Examples, batch_size: int) -> int:
    """Number of batches of an epoch; the last one may be smaller.

    Examples
    --------
    >>> n_batches(Examples(np.zeros((10, 1), np.float32), np.arange(10), np.zeros(10, np.intp)), 4)
    3
    """
    return -(-len(examples) // batch_size)


def class_weights(codes: Indices, n_labels: int, *, balanced: bool) -> Values:
    """Weight of each label in the loss, `(n_labels,)`: 1, or inverse to its frequency if `balanced`.

    Examples
    --------
    >>> class_weights(np.array([0, 0, 1]), 2, balanced=True).tolist()
    [0.75, 1.5]
    """
    if not balanced:
        return np.ones(n_labels, np.float32)
    return np.asarray(compute_class_weight("balanced", classes=np.arange(n_labels), y=codes), np.float32)


def standardisation(examples: Examples) -> tuple[Values, Values]:
    """Mean and variance of each feature (last axis) over the examples, `(n_features,)` each, in one pass.

    The variance of a constant feature is set to 1, because it may vary for other speakers.

    Examples
    --------
    >>> examples = Examples(np.array([[1, 5], [3, 5]], np.float32), np.arange(2), np.array([0, 1]))
    >>> [part.tolist() for part in standardisation(examples)]
    [[2.0, 5.0], [1.0, 1.0]]
    """
    total = np.zeros(examples.values.shape[-1])
    squares, n_values = np.zeros_like(total), 0
    for chunk in examples.chunks():
        rows = chunk.reshape(-1, chunk.shape[-1]).astype(np.float64)
        total, squares, n_values = total + rows.sum(axis=0), squares + (rows**2).sum(axis=0), n_values + len(rows)
    mean = total / n_values
    variance = squares / n_values - mean**2
    variance[variance <= 1e-12 * squares / n_values] = 1  # rounding errors
    return mean.astype(np.float32), variance.astype(np.float32)
