"""Sample of the training rows of a classifier whose time grows with their square."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser.core.row_keys import is_real

MAX_ROWS: Mapping[str, int] = {"svm": 20_000}  # rows; the time of a radial kernel grows with their square
MIN_ROWS_OF_EMOTION = 200  # rows of an emotion, so that a rare one is kept whole


def taken(rows: pd.DataFrame, *, name: str, seed: int) -> npt.NDArray[np.intp] | None:
    """Positions of the rows that the model `name` is fitted to; None if it is fitted to all of them.

    Examples
    --------
    >>> rows = pd.DataFrame({"variant": "original", "synthetic": False, "emotion": ["sad", "calm"] * 10_500})
    >>> len(taken(rows, name="svm", seed=0)), taken(rows, name="mlp", seed=0)
    (20000, None)
    """
    limit = MAX_ROWS.get(name, len(rows))
    return None if len(rows) <= limit else sample(rows["emotion"], is_real(rows).to_numpy(), n_rows=limit, seed=seed)


def sample(emotion: pd.Series, real: npt.NDArray[np.bool_], *, n_rows: int, seed: int) -> npt.NDArray[np.intp]:
    """Positions of about `n_rows` rows in ascending order, with the same share of each emotion.

    An emotion keeps `MIN_ROWS_OF_EMOTION` at least.

    Of an emotion, a row that is not `real` is drawn only after all that are: these alone calibrate the probabilities.

    Examples
    --------
    >>> emotions = pd.Series(["sad"] * 9_000 + ["calm"] * 900 + ["happy"] * 100)
    >>> emotions.iloc[sample(emotions, np.ones(10_000, bool), n_rows=3_000, seed=0)].value_counts().to_dict()
    {'sad': 2700, 'calm': 270, 'happy': 100}
    """
    order = np.random.default_rng(seed).permutation(len(emotion))
    order = order[np.argsort(~real[order], kind="stable")]
    drawn = pd.Series(emotion.to_numpy(str)[order])
    of_emotion = drawn.groupby(drawn)
    wanted = np.maximum(of_emotion.transform("size") * n_rows / len(emotion), MIN_ROWS_OF_EMOTION).round()
    return np.sort(order[(of_emotion.cumcount() < wanted).to_numpy()])
