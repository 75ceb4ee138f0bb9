"""Check of a table against its schema, faster than pandera alone where the table has many features."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module

import pandas as pd
import pandera.pandas as pandera

from ser.core import stage
from ser.core.hidden import hidden

TEST_DATA = "hypothesis"  # pandera imports it, and with it pytest and trio, to make tables for tests


def valid(
    rows: pd.DataFrame, schema: pandera.DataFrameSchema, *, pattern: str, features: Sequence[str]
) -> pd.DataFrame:
    """Check a table; return it.

    Features are checked here, because pandera takes 0.3 ms for each column. It names those that are wrong.

    Parameters
    ----------
    pattern
        Name of the columns of `features` in the schema, if it has them.

    Raises
    ------
    pandera.errors.SchemaError
        If a column is missing, unknown, of another type, or has values that it must not have.

    Examples
    --------
    >>> number = pandera.Column("float32", regex=True)
    >>> schema = pandera.DataFrameSchema({"utterance": pandera.Column(str), "^rms.*": number})
    >>> rows = pd.DataFrame({"utterance": ["a"], "rms_mean": pd.Series([0.5], dtype="float32")})
    >>> len(valid(rows, schema, pattern="^rms.*", features=["rms_mean"]))
    1
    """
    if stage.is_running():
        _import_without_test_data()
    wanted = schema.columns.get(pattern)
    if wanted is None or not features or not _are_valid(rows, features, nullable=wanted.nullable):
        checked: pd.DataFrame = schema.validate(rows, inplace=True)  # in place, because a copy would double the memory
        return checked
    schema.remove_columns([pattern]).validate(rows.drop(columns=list(features)))
    return rows


def _are_valid(rows: pd.DataFrame, features: Sequence[str], *, nullable: bool) -> bool:
    if not rows.columns.is_unique or not (rows.dtypes[list(features)] == "float32").all():
        return False
    return nullable or not any(rows[feature].hasnans for feature in features)


@cache
def _import_without_test_data() -> None:
    """Import the part of pandera that checks, in a stage, which makes no tables for tests."""
    with hidden(TEST_DATA):
        import_module("pandera.strategies.pandas_strategies")
