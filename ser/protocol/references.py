"""Rows of a balanced table that refer to the feature table.

In a table of several folds, only synthetic rows contain features; original rows, and the copies that `by_corpus` makes,
refer to the feature table.
"""

import numpy as np
import pandas as pd

from ser.core.tables import feature_columns
from ser.protocol.balancing import BY_SMOTE


def referenced(rows: pd.DataFrame, *, copies: bool = False) -> pd.DataFrame:
    """Replace the features of original rows by NaN, because they are in the feature table.

    Parameters
    ----------
    copies
        True: those of copies, too, which `by_corpus` makes in large numbers.

    Examples
    --------
    >>> rows = pd.DataFrame({"synthetic": [False, True], "variant": ["original", "smote"], "f0": [120.0, 130.0]})
    >>> referenced(rows)["f0"].tolist()
    [nan, 130.0]
    """
    kept = rows["variant"] == BY_SMOTE if copies else rows["synthetic"]
    return rows.assign(**{column: rows[column].where(kept) for column in feature_columns(rows)})


def dereferenced(rows: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Fill in the features of original rows of a balanced table, and of other rows without features, as copies.

    Parameters
    ----------
    rows
        Balanced table, as `referenced` returns it.
    features
        Feature table.

    Raises
    ------
    ValueError
        If `features` lacks a row or a feature of `rows`, because the tables are from different runs.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["1", "1"], "variant": ["original", "smote"], "synthetic": [False, True]})
    >>> features = pd.DataFrame({"utterance": ["1", "2"], "variant": "original", "f0": [120.0, 140.0]})
    >>> dereferenced(rows.assign(f0=[float("nan"), 130.0]), features)["f0"].tolist()
    [120.0, 130.0]
    """
    columns = feature_columns(features)
    if stale := [column for column in feature_columns(rows) if column not in columns]:
        raise ValueError(
            f"balanced rows have {len(stale)} features that the feature table lacks, the first is {stale[0]}; make"
            " both again with: dvc repro balance"
        )
    keys = ["utterance", "variant"]
    found = rows[keys].merge(features[[*keys, *columns]], on=keys, how="left")[columns].to_numpy()
    original = ~rows["synthetic"].to_numpy()
    own = rows.reindex(columns=columns).to_numpy(np.float32)
    values = np.where(original[:, None] | np.isnan(own), found, own)
    if np.isnan(values).any():
        raise ValueError("balanced rows are missing in the feature table; make both again with: dvc repro balance")
    plain = rows.drop(columns=[column for column in columns if column in rows])
    return pd.concat([plain, pd.DataFrame(values, columns=columns, index=rows.index)], axis=1)
