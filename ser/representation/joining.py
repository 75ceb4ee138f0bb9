"""Join of two feature tables, a part at a time."""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pandas as pd

from ser.core import tables

ROWS = 1024  # rows of a part


def combined(first: Path, second: Path) -> Iterator[pd.DataFrame]:
    """Features of both tables, one row for each utterance and variant, `ROWS` at a time.

    Raises
    ------
    ValueError
        If the tables have different utterances, or features of the same name, or one is marked unavailable.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> row = {"utterance": ["a"], "variant": ["original"], "emotion": ["sad"]}
    >>> with TemporaryDirectory() as folder:
    ...     first, second = Path(folder, "first.csv"), Path(folder, "second.csv")
    ...     tables.write(pd.DataFrame(row | {"RMS": [0.25]}), first)
    ...     tables.write(pd.DataFrame(row | {"Pitch": [110.0]}), second)
    ...     [list(part.columns) for part in combined(first, second)]
    [['utterance', 'variant', 'emotion', 'RMS', 'Pitch']]
    """
    keys = list(tables.KEYS)
    nothing = pd.DataFrame(columns=keys)
    parts = (tables.feature_parts(path, n_rows=ROWS) for path in (first, second))
    for some, others in zip_longest(*parts, fillvalue=nothing):
        if not some[keys].equals(others[keys]):
            raise ValueError(
                f"{first} and {second} are of different utterances; extract both anew with: dvc repro combine"
            )
        both = pd.concat([some, others.drop(columns=keys)], axis=1)
        tables.check_features(both.columns)
        yield both
