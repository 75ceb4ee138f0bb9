"""Values of the key columns of tables.

This module is separate from `ser.core.tables` because workers need it without pandas, which is slow to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ORIGINAL = "original"
"""Variant of the recording itself, without augmentation."""


def is_real(rows: pd.DataFrame) -> pd.Series[bool]:
    """True for each row of an original recording, which is neither synthetic nor augmented.

    Examples
    --------
    >>> import pandas
    >>> rows = pandas.DataFrame({"synthetic": [False, False, True], "variant": ["original", "noise", "original"]})
    >>> is_real(rows).tolist()
    [True, False, False]
    """
    return ~rows["synthetic"] & (rows["variant"] == ORIGINAL)
