"""Checks of feature values: rows made by SMOTE, normalisation, adaptation to speakers."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser.audit.findings import Finding, first_examples
from ser.core.tables import feature_columns
from ser.core.wording import counted
from ser.protocol.adaptation import is_standardised_by_speaker

Values = npt.NDArray[np.floating[Any]]

MAX_SYNTHETIC = 50  # rows of a fold that are examined, evenly spaced
BLOCK = 1024  # rows that are compared with all others at once
ON_A_LINE = 1e-5  # 1 + cosine of the directions to the two rows; 0.26 degrees
TOLERANCE = 1e-3  # standard deviations; rounding in single precision is a thousand times smaller

NORMALISATION_REMEDY = "fit the scaler inside the model, on its training rows: dvc repro -f train"


def synthetic_rows(rows: pd.DataFrame, features: pd.DataFrame, partition_of: pd.Series, *, fold: int) -> list[Finding]:
    """Rows made by SMOTE from a recording outside training.

    SMOTE puts a row on the line between two rows of its emotion, which therefore lie in opposite directions from it. In
    tens of dimensions this is true of no other two rows, so the line shows the recordings that a row was made from.

    Parameters
    ----------
    rows
        Synthetic rows of one fold, with their features.
    features
        Features of every utterance and variant.
    partition_of
        Partition of each row of `features` in this fold; missing if it has none.

    Examples
    --------
    >>> features = pd.DataFrame({"utterance": ["u1", "u2"], "emotion": "sad", "RMS": [0.0, 2.0], "F0": [0.0, 4.0]})
    >>> between = features[:1].assign(variant="smote", RMS=1.0, F0=2.0)
    >>> synthetic_rows(between, features, pd.Series(["train", "test"]), fold=0)[0].found
    'some of 1 synthetic row examined were made from 1 utterance outside training (test)'
    """
    rows = rows[rows["variant"] == "smote"]
    if rows.empty or not feature_columns(features):
        return []
    examined = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, MAX_SYNTHETIC).round().astype(int))]
    outside, n_unexplained = _sources_outside(examined, features, (partition_of == "train").to_numpy())
    findings = []
    if outside:
        sources = features["utterance"].to_numpy()[outside]
        found = (
            f"some of {counted(len(examined), 'synthetic row')} examined were made from"
            f" {counted(len(set(sources)), 'utterance')} outside training ({_names(partition_of.to_numpy()[outside])})"
        )
        remedy = "run SMOTE after the split, with training rows only, as the stage balance does: dvc repro -f balance"
        findings.append(Finding("error", "made_rows", fold, found, remedy, first_examples(sources)))
    if n_unexplained:
        found = (
            f"{n_unexplained} of {counted(len(examined), 'synthetic row')} examined do not lie between two recordings"
            " of their emotion"
        )
        remedy = "the tables may be from different runs; make them again with: dvc repro -f balance"
        findings.append(Finding("error", "made_rows", fold, found, remedy, first_examples(examined["utterance"])))
    return findings


def _sources_outside(
    examined: pd.DataFrame, features: pd.DataFrame, trains: npt.NDArray[np.bool_]
) -> tuple[list[int], int]:
    """Indices of rows outside training that synthetic rows were made from, and the number of rows without sources.

    Parameters
    ----------
    trains
        `(n_rows,)`: True for rows of `features` in the training partition.
    """
    columns = feature_columns(features)
    values = features[columns].to_numpy(np.float64)
    scale = _scale(values)
    outside: list[int] = []
    n_unexplained = 0
    for emotion, own in examined.groupby("emotion"):
        same = (features["emotion"] == emotion).to_numpy()
        for row in own[columns].to_numpy(np.float64) / scale:
            if _ends(row, values[same & trains] / scale) is not None:
                continue
            ends = _ends(row, values[same] / scale)
            if ends is None:
                n_unexplained += 1
            else:
                outside += [int(k) for k in np.flatnonzero(same)[list(ends)] if not trains[k]]
    return outside, n_unexplained


def _ends(row: Values, others: Values) -> tuple[int, ...] | None:
    """Indices of the two of `others` between which `row` lies, or of the one that equals it; None otherwise.

    Parameters
    ----------
    row
        `(n_features,)`.
    others
        `(n_rows, n_features)`.

    Examples
    --------
    >>> others = np.array([[0.0, 0.0], [1.0, 5.0], [2.0, 2.0]])
    >>> _ends(np.array([0.5, 0.5]), others)
    (0, 2)
    """
    if not len(others):
        return None
    directions = others - row
    length = np.linalg.norm(directions, axis=1)
    nearest = int(length.argmin())
    if length[nearest] <= TOLERANCE:
        return (nearest,)
    directions /= length[:, None]
    lowest, ends = 1.0, (0, 0)
    for start in range(0, len(directions), BLOCK):  # not at once: the memory would grow with the square of the rows
        cosines = directions[start : start + BLOCK] @ directions.T
        first, second = np.unravel_index(cosines.argmin(), cosines.shape)
        if cosines[first, second] < lowest:
            lowest, ends = float(cosines[first, second]), (start + int(first), int(second))
    return ends if 1 + lowest < ON_A_LINE else None


def _names(found: npt.NDArray[Any]) -> str:
    return ", ".join(sorted({"no partition" if pd.isna(one) else str(one) for one in found}))


def normalisation(
    stored: tuple[Values, Values],
    trained: tuple[Values, Values],
    everything: tuple[Values, Values],
    *,
    fold: int,
    model: str,
) -> list[Finding]:
    """Model whose mean and variance, `(n_features,)` each, differ from those of its training rows.

    Parameters
    ----------
    stored
        Mean and variance in the model.
    trained
        Mean and variance of the training rows.
    everything
        Mean and variance of all recordings; the finding states if they are equal to `stored`.
    model
        Name of the model in the finding.

    Examples
    --------
    >>> trained, everything = (np.array([0.0]), np.array([1.0])), (np.array([0.5]), np.array([1.0]))
    >>> normalisation(trained, trained, everything, fold=0, model="the model")
    []
    >>> (finding,) = normalisation(everything, trained, everything, fold=0, model="the model")
    >>> finding.found.partition("; ")[2]
    'they are those of all partitions together'
    """
    off = _difference(stored, trained)
    if off <= TOLERANCE:
        return []
    is_of_all = _difference(stored, everything) <= TOLERANCE
    found = (
        f"mean and deviation in {model} differ from those of its training rows by up to {off:.2g} standard deviations"
        + ("; they are those of all partitions together" if is_of_all else "")
    )
    return [Finding("error", "normalisation", fold, found, NORMALISATION_REMEDY)]


def speaker_adaptation(
    features: pd.DataFrame, partitions: pd.DataFrame, utterances: pd.DataFrame, *, declared: bool
) -> list[Finding]:
    """Features that are standardised by speaker, which uses the utterances of test speakers.

    Parameters
    ----------
    features
        Feature table that the models read.
    declared
        True if the study declares the adaptation; then the finding is a note, otherwise an error.

    Examples
    --------
    >>> partitions = pd.DataFrame({"utterance": ["u1", "u2"], "partition": ["train", "test"]})
    >>> utterances = pd.DataFrame({"utterance": ["u1", "u2"], "speaker": ["a", "b"]})
    >>> speaker_adaptation(pd.DataFrame(), partitions, utterances, declared=True)[0].level
    'note'
    """
    if not declared and not is_standardised_by_speaker(features, utterances, tolerance=TOLERANCE):
        return []
    tested = partitions.loc[partitions["partition"] == "test", "utterance"]
    names = utterances.loc[utterances["utterance"].isin(tested), "speaker"]
    found = (
        "features are standardised over the utterances of each speaker, also of"
        f" {counted(names.nunique(), 'test speaker')}"
    )
    if declared:
        found += "; the study is declared transductive, so it serves no single recordings and none were checked"
        remedy = "compare it with transductive scores only; for single recordings choose -S adaptation=none"
        return [Finding("note", "normalisation", None, found, remedy)]
    remedy = "extract the features again: dvc repro -f; or declare the adaptation: -S adaptation=speaker"
    return [Finding("error", "normalisation", None, found, remedy, first_examples(tested))]


def _difference(one: tuple[Values, Values], other: tuple[Values, Values]) -> float:
    """Largest difference of means or deviations, in deviations of `other`; the deviation of a constant feature is 1."""
    if one[0].shape != other[0].shape:
        return float("inf")
    scale = np.sqrt(np.where(other[1] > 0, other[1], 1))
    deviation = np.sqrt(np.where(one[1] > 0, one[1], 1))
    return float(max(np.abs((one[0] - other[0]) / scale).max(), np.abs(deviation / scale - 1).max()))


def moments(values: Values, weights: Values | None = None) -> tuple[Values, Values]:
    """Mean and variance of each feature, `(n_features,)` each, as scikit-learn's scaler computes them.

    Parameters
    ----------
    values
        `(n_rows, n_features)`.
    weights
        Of the rows, `(n_rows,)`; None: all alike.

    Examples
    --------
    >>> mean, variance = moments(np.array([[1.0, 10.0], [3.0, 10.0]]))
    >>> mean.tolist(), variance.tolist()
    ([2.0, 10.0], [1.0, 0.0])
    """
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(values, sample_weight=weights)
    return scaler.mean_, scaler.var_


def stored_moments(model: Any) -> tuple[Values, Values] | None:
    """Mean and variance of each feature, `(n_features,)` each, in a trained model; None if it does not normalise.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> scaler = SimpleNamespace(mean_=np.array([1.0]), var_=np.array([4.0]))
    >>> calibrated = SimpleNamespace(estimator=[scaler, "classifier"])
    >>> stored_moments(SimpleNamespace(calibrated_classifiers_=[calibrated]))
    (array([1.]), array([4.]))
    """
    if hasattr(model, "network"):
        layers = [layer for layer in model.network.layers if type(layer).__name__ == "Normalization"]
        if not layers:
            return None
        mean, variance = (np.asarray(getattr(layers[0], name), np.float64).ravel() for name in ("mean", "variance"))
        return mean, variance
    for calibrated in getattr(model, "calibrated_classifiers_", ()):
        for step in calibrated.estimator:
            if hasattr(step, "mean_"):
                return step.mean_, step.var_
    return None


def _scale(values: Values) -> Values:
    deviation = values.std(axis=0)
    return np.where(deviation > 0, deviation, 1)
