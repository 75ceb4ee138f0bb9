"""What a model reads: the columns of a feature table, or the rows of an array."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ser.core import formats, tables
from ser.representation import arrays

TIME_AXIS: Mapping[str, int] = {"log_mel": 2, "frames": 1, "yamnet_bands": 2}  # of the array
# As the networks want them, utterance by utterance; the features of all others are standardised on the training
# partition.
SCALED = ("log_mel", "yamnet_bands")


@dataclass(frozen=True)
class Representation:
    """Features of every utterance and variant."""

    rows: pd.DataFrame
    """utterance, variant, emotion, and, of a table, one column a feature."""
    array: arrays.Array | None = None
    """Memory map `(n_rows, …)`; None: the features are columns."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Of a memory map, another process gets the name of the file."""
        file = self.array.filename if isinstance(self.array, np.memmap) else None
        if self.array is None or file is None or np.load(file, mmap_mode="r").shape != self.array.shape:
            return Representation, (self.rows, self.array)
        return _mapped, (self.rows, file)

    def positions(self, keys: pd.DataFrame) -> arrays.Indices:
        """Row of each of `keys` (utterance, variant).

        Raises
        ------
        ValueError
            If one has none: the tables are of different runs.
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

    def averages(self, name: str) -> pd.DataFrame:
        """The rows as a table: of an array of the representation `name`, its averages over time."""
        if self.array is None:
            return self.rows
        means = np.stack([row.mean(axis=TIME_AXIS[name] - 1) for row in self.array])
        return pd.concat([self.rows, pd.DataFrame(means).add_prefix("mean_")], axis=1)


def _mapped(rows: pd.DataFrame, file: Path) -> Representation:
    return Representation(rows, np.load(file, mmap_mode="r"))


def read(path: Path) -> Representation:
    """Read a feature table, or map an array.

    Raises
    ------
    FileNotFoundError, ValueError
        If it was not made, is not whole, or is marked unavailable.
    """
    if path.suffix in formats.SUFFIXES:
        return Representation(tables.read_features(path))
    return Representation(*arrays.read(path))
