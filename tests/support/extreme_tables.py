"""Tables whose numbers and texts are hard to write and read back."""

import numpy as np
import pandas as pd
import pytest

from ser.core import tables
from ser.core.table_suffixes import SUFFIXES as NAMES

TEXT = ("plain", "with, comma", 'with "quotes"', "Müller 日本語 🙂", "  spaces  ", "it's; a\ttab")
EXTREMES = np.array(
    [0.0, -0.0, 1.0, 0.1, -1 / 3, 16777217, 1e-45, -1.1754942e-38, 1.1754944e-38, 3.4028235e38, -3.4028235e38],
    np.float32,
)
SUFFIXES = pytest.mark.parametrize("suffix", NAMES)


def many(n_rows: int, n_features: int = 3) -> pd.DataFrame:
    """A feature table of random bits, with text that needs quotes."""
    generator = np.random.default_rng(n_rows)
    values = generator.integers(0, 2**31, (n_rows, n_features), dtype=np.uint32).view(np.float32)
    features = pd.DataFrame(np.nan_to_num(values, posinf=1.0), columns=[f"f_{k}" for k in range(n_features)])
    keys = pd.DataFrame({"utterance": [f"x/{TEXT[k % len(TEXT)]}/{k}" for k in range(n_rows)]})
    return pd.concat([keys.assign(variant=tables.ORIGINAL, emotion="happy"), features], axis=1)
