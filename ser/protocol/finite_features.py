"""Values of a feature table, all of which must be finite numbers."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser.core.tables import feature_columns


def finite_features(rows: pd.DataFrame, *, stage: str) -> npt.NDArray[np.float32]:
    """Values of the features, `(n_rows, n_features)`.

    Parameters
    ----------
    rows
        Column utterance, and the features.
    stage
        Name of the stage that reads them, for the message.

    Raises
    ------
    ValueError
        If a value is NaN or infinite.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["savee/DC/a01"], "RMS": [np.nan]})
    >>> finite_features(rows, stage="balance")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: 1 rows have NaN or infinite features, the first is savee/DC/a01; extract the features again with: ...
    """
    values = rows[feature_columns(rows)].to_numpy(np.float32)
    if not (is_finite := np.isfinite(values).all(axis=1)).all():
        bad = rows.loc[~is_finite, "utterance"]
        raise ValueError(
            f"{len(bad)} rows have NaN or infinite features, the first is {bad.iloc[0]}; extract the features again"
            f" with: dvc repro -f {stage}, or remove that recording"
        )
    return values
