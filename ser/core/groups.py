"""Groups of utterances: those that a table has, in their order, and counts."""

import pandas as pd

from ser.core.emotions import in_order
from ser.core.sexes import SEXES, UNKNOWN


def present_sexes(table: pd.DataFrame) -> list[str]:
    """Sexes in the column `sex`, in the order female, male, other, unknown.

    Examples
    --------
    >>> present_sexes(pd.DataFrame({"sex": ["male", None, "male"]}))
    ['male', 'unknown']
    """
    present = set(table["sex"].fillna(UNKNOWN))
    return [sex for sex in SEXES if sex in present]


def counts(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Number of utterances of each emotion (columns) in each group of the column `by` (rows); `unknown` is last.

    Examples
    --------
    >>> counts(pd.DataFrame({"sex": ["male", None, "male"], "emotion": ["sad", "sad", "happy"]}), "sex").to_dict()
    {'happy': {'male': 1, 'unknown': 0}, 'sad': {'male': 1, 'unknown': 1}}
    """
    crossed = pd.crosstab(table[by].fillna(UNKNOWN), table["emotion"])
    order = sorted(crossed.index, key=lambda name: (name == UNKNOWN, name))
    return crossed.loc[order, in_order(crossed.columns)]
