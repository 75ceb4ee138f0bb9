"""Input of a model: the columns of a feature table, or the rows of an array."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ser.core import tables
from ser.core.table_suffixes import SUFFIXES
from ser.representation import arrays


@dataclass(frozen=True)
class Representation:
    """Features of every utterance and variant.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["a", "b"], "variant": "original", "emotion": ["sad", "calm"]})
    >>> spectrograms = Representation(rows, np.ones((2, 64, 94), np.float32))
    >>> spectrograms.positions(rows[rows["emotion"] == "calm"]).tolist()
    [1]
    >>> spectrograms.averages(time_axis=2).shape  # the keys, and a column for each of 64 bands
    (2, 67)
    """

    rows: pd.DataFrame
    """utterance, variant, emotion, and, of a table, one column a feature."""
    array: arrays.Array | None = None
    """Memory map `(n_rows, …)`; None: the features are columns."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle of this object: for a memory map, the name of its file."""
        file = self.array.filename if isinstance(self.array, np.memmap) else None
        if self.array is None or file is None or np.load(file, mmap_mode="r").shape != self.array.shape:
            return Representation, (self.rows, self.array)
        return _mapped, (self.rows, file)

    def positions(self, keys: pd.DataFrame) -> arrays.Indices:
        """Position of the row of each of `keys` (utterance, variant).

        Raises
        ------
        ValueError
            If a key has no row, because the tables are of different runs.
        """
        index = pd.MultiIndex.from_frame(self.rows[["utterance", "variant"]])
        found = index.get_indexer(pd.MultiIndex.from_frame(keys[["utterance", "variant"]]))
        if (found < 0).any():
            first = keys["utterance"].to_numpy()[found < 0][0]
            raise ValueError(
                f"the features lack {int((found < 0).sum())} of {len(keys)} rows, the first is {first}; make all tables"
                " anew with: dvc repro evaluate"
            )
        return np.asarray(found, np.intp)

    def averages(self, time_axis: int | None) -> pd.DataFrame:
        """The rows as a table; an array is averaged over time, which is the axis `time_axis` of `array`."""
        if self.array is None or time_axis is None:
            return self.rows
        means = np.stack([row.mean(axis=time_axis - 1) for row in self.array])
        return pd.concat([self.rows, pd.DataFrame(means).add_prefix("mean_")], axis=1)


def _mapped(rows: pd.DataFrame, file: Path) -> Representation:
    return Representation(rows, np.load(file, mmap_mode="r"))


def read(path: Path) -> Representation:
    """Read a feature table, or map an array.

    Raises
    ------
    FileNotFoundError, ValueError
        If it does not exist, is damaged, or is marked unavailable.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> row = {"utterance": ["a"], "variant": ["original"], "emotion": ["sad"], "RMS": [0.25]}
    >>> with TemporaryDirectory() as folder:
    ...     tables.write(pd.DataFrame(row), Path(folder, "features.csv"))
    ...     read(Path(folder, "features.csv")).rows["RMS"].tolist()
    [0.25]
    """
    if path.suffix in SUFFIXES:
        return Representation(tables.read_features(path))
    return Representation(*arrays.read(path))
