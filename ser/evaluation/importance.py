"""Permutation importance of descriptors: the fall of a model's UAR when their values are permuted among utterances."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import recall_score

from ser.models.bundle import Bundle

Values = npt.NDArray[np.float32]

# Endings of feature names after the descriptor: `_3_Std`; of openSMILE: `_sma3nz_amean`, `_sma_de[7]_range`.
ENDING = re.compile(r"(_sma.*|(_\d+)?(_Std)?)$")
COLUMNS = ("descriptor", "n_features", "drop", "least", "most")


def descriptor(column: str) -> str:
    """Name of the descriptor of a feature, without its number and functional.

    Examples
    --------
    >>> descriptor("MFCC_3_Std"), descriptor("loudness_sma3_amean"), descriptor("RMS")
    ('MFCC', 'loudness', 'RMS')
    """
    return ENDING.sub("", column)


def importances(models: Sequence[tuple[Bundle, pd.DataFrame]], *, n_repeats: int, seed: int) -> pd.DataFrame:
    """Fall of the UAR, pooled over folds, when all features of one descriptor are permuted together.

    Features of one descriptor carry similar information. If they were permuted one by one, the others would replace
    the permuted one, and each would seem unimportant.

    Parameters
    ----------
    models
        The bundle of each fold, with rows that it was not trained on: emotion and the features.
    n_repeats
        Number of permutations of each descriptor.

    Returns
    -------
    DataFrame
        descriptor, n_features, and over the repeats the mean (`drop`), smallest (`least`) and largest (`most`) fall;
        the most important descriptor first.

    References
    ----------
    .. [1] Breiman (2001), Random forests, Machine Learning 45: 5-32, section 10.
    .. [2] Fisher, Rudin and Dominici (2019), All models are wrong, but many are useful, JMLR 20(177), section 3.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> share = lambda values: np.stack([1 - values[:, 0], values[:, 0]], axis=1)  # only the first feature counts
    >>> model = SimpleNamespace(classes_=["calm", "sad"], predict_proba=share)
    >>> bundle = Bundle(model, ["calm", "sad"], ["RMS", "F0"], {"name": "librosa", "settings": {}}, {"seed": 0})
    >>> rows = pd.DataFrame({"emotion": ["calm", "sad"] * 4, "RMS": [0.0, 1.0] * 4, "F0": [200.0, 100.0] * 4})
    >>> found = importances([(bundle, rows)], n_repeats=5, seed=0)
    >>> found["descriptor"].tolist(), float(found["drop"][1])
    (['RMS', 'F0'], 0.0)
    """
    truth = np.concatenate([rows["emotion"].to_numpy(str) for _, rows in models])
    inputs = [(model, rows[model.columns].to_numpy(np.float32)) for model, rows in models]
    before = _uar(truth, np.concatenate([_prediction(model, values) for model, values in inputs]))
    names = list(dict.fromkeys(descriptor(column) for model, _ in models for column in model.columns))
    found = []
    for name in names:
        random = np.random.default_rng([seed, names.index(name)])
        parts = [_permuted_predictions(model, values, name, n_repeats, random) for model, values in inputs]
        falls = [before - _uar(truth, prediction) for prediction in np.concatenate(parts, axis=1)]
        n_features = max(sum(descriptor(column) == name for column in model.columns) for model, _ in models)
        found.append((name, n_features, float(np.mean(falls)), min(falls), max(falls)))
    table = pd.DataFrame(found, columns=list(COLUMNS))
    return table.sort_values(["drop", "descriptor"], ascending=[False, True], ignore_index=True)


def _permuted_predictions(
    model: Bundle, values: Values, name: str, n_repeats: int, random: np.random.Generator
) -> npt.NDArray[np.str_]:
    """Predictions when the features of a descriptor are permuted among the rows, `(n_repeats, n_rows)`."""
    own = np.flatnonzero([descriptor(column) == name for column in model.columns])
    repeated = np.tile(values, (n_repeats, 1))  # one call of the model is faster than one call for each repeat
    order = np.concatenate([random.permutation(len(values)) for _ in range(n_repeats)])
    repeated[:, own] = values[np.ix_(order, own)]
    return _prediction(model, repeated).reshape(n_repeats, len(values))


def _prediction(model: Bundle, values: Values) -> npt.NDArray[np.str_]:
    return np.asarray(np.array(model.labels)[model.of_values(values).argmax(axis=1)], np.str_)


def _uar(truth: npt.NDArray[np.str_], prediction: npt.NDArray[np.str_]) -> float:
    return float(recall_score(truth, prediction, labels=np.unique(truth), average="macro", zero_division=0))
