"""Leaks that numbers show: rows mixed with others than training's, normalisation, and train and serve mismatch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser.audit.findings import Finding, some
from ser.core.tables import feature_columns, probability_columns
from ser.protocol.adaptation import is_standardised_by_speaker

Values = npt.NDArray[np.floating[Any]]

MAX_SYNTHETIC = 50  # rows of a fold that are examined, evenly spread over them
ON_A_LINE = 1e-5  # 1 + cosine of the directions to two rows; 0.26 degrees
OFF = 1e-3  # standard deviations; rounding in single precision stays below a thousandth of that
FEATURE_OFF = 1e-3  # standard deviations of the feature
PROBABILITY_OFF = 1e-4

NORMALISATION_REMEDY = "fit the scaler inside the model, on the rows that train it: dvc repro -f train"
SERVED_REMEDY = "extract and train anew with one version of the code: dvc repro -f"


def synthetic_rows(rows: pd.DataFrame, features: pd.DataFrame, side: pd.Series, *, fold: int) -> list[Finding]:
    """Rows of SMOTE that lie between two recordings of which one is not in training.

    Such a row lies on the line between two rows of its emotion: seen from it, they are in opposite directions. In tens
    of dimensions no other two are, so that the line tells which recordings a row was made of.

    Parameters
    ----------
    rows
        Synthetic rows of one fold, with their features.
    features
        Features of every utterance and variant.
    side
        Partition of each row of `features` in this fold; missing where it has none.
    """
    columns = feature_columns(features)
    rows = rows[rows["variant"] == "smote"]
    if rows.empty or not columns:
        return []
    examined = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, MAX_SYNTHETIC).round().astype(int))]
    values = features[columns].to_numpy(np.float64)
    scale = _scale(values)
    trains = (side == "train").to_numpy()
    outside, unexplained = [], 0
    for emotion, own in examined.groupby("emotion"):
        same = (features["emotion"] == emotion).to_numpy()
        for row in own[columns].to_numpy(np.float64) / scale:
            if _ends(row, values[same & trains] / scale) is not None:
                continue
            ends = _ends(row, values[same] / scale)
            if ends is None:
                unexplained += 1
            else:
                outside += [int(k) for k in np.flatnonzero(same)[list(ends)] if not trains[k]]
    findings = []
    if outside:
        made = features["utterance"].to_numpy()[outside]
        found = (
            f"of {len(examined)} synthetic rows examined, some were interpolated with {len(set(made))} utterances that"
            f" do not train ({_sides(side.to_numpy()[outside])})"
        )
        remedy = "run SMOTE after the split, on training rows alone, as the stage balance does: dvc repro -f balance"
        findings.append(Finding("error", "made_rows", fold, found, remedy, some(made)))
    if unexplained:
        found = (
            f"of {len(examined)} synthetic rows examined, {unexplained} lie between no two recordings of their emotion"
        )
        remedy = "the tables may be of different runs; make them anew with: dvc repro -f balance"
        findings.append(Finding("error", "made_rows", fold, found, remedy, some(examined["utterance"])))
    return findings


def _ends(row: Values, others: Values) -> tuple[int, ...] | None:
    """The two of `others`, `(n_rows, n_features)`, between which `row` lies, or the one that it equals, or None."""
    if not len(others):
        return None
    ways = others - row
    length = np.linalg.norm(ways, axis=1)
    nearest = int(length.argmin())
    if length[nearest] <= OFF:
        return (nearest,)
    ways /= length[:, None]
    cosines = ways @ ways.T
    first, second = np.unravel_index(cosines.argmin(), cosines.shape)
    return (int(first), int(second)) if 1 + cosines[first, second] < ON_A_LINE else None


def _sides(found: npt.NDArray[Any]) -> str:
    return ", ".join(sorted({"no partition" if pd.isna(one) else str(one) for one in found}))


def normalisation(
    held: tuple[Values, Values],
    trained: tuple[Values, Values],
    everything: tuple[Values, Values],
    *,
    fold: int,
    model: str,
) -> list[Finding]:
    """Mean and variance, `(n_features,)` each, that a model holds, unlike those of the rows that trained it.

    Parameters
    ----------
    trained
        Of the rows that trained it.
    everything
        Of the recordings of all partitions: if these are the held ones, that is said.
    model
        What to call it.
    """
    off = _difference(held, trained)
    if off <= OFF:
        return []
    likely = _difference(held, everything) <= OFF
    found = (
        f"{model} normalises by figures up to {off:.2g} standard deviations off those of the rows that trained it"
        + (": they are those of all partitions together" if likely else "")
    )
    return [Finding("error", "normalisation", fold, found, NORMALISATION_REMEDY)]


def of_speakers(
    features: pd.DataFrame, partitions: pd.DataFrame, utterances: pd.DataFrame, *, declared: bool
) -> list[Finding]:
    """Features that were made relative to their speaker, and so by those who are tested.

    Parameters
    ----------
    features
        The feature table that models read.
    declared
        Whether the study says so: then it is a note, and else an error.
    """
    if not declared and not is_standardised_by_speaker(features, utterances, tolerance=OFF):
        return []
    tested = partitions.loc[partitions["partition"] == "test", "utterance"]
    names = utterances.loc[utterances["utterance"].isin(tested), "speaker"]
    found = f"features are standardised over the utterances of their speaker, for {names.nunique()} who are tested, too"
    if declared:
        found += ", and the study is declared transductive; no single recording can be served, so none was extracted"
        remedy = "compare it with transductive figures alone; those of single recordings: -S adaptation=none"
        return [Finding("note", "normalisation", None, found, remedy)]
    remedy = "extract the features anew: dvc repro -f; or declare it: -S adaptation=speaker, whose figures say so"
    return [Finding("error", "normalisation", None, found, remedy, some(tested))]


def _difference(one: tuple[Values, Values], other: tuple[Values, Values]) -> float:
    """Largest difference of means or of deviations, in deviations of `other`; constant features count as 1."""
    if one[0].shape != other[0].shape:
        return float("inf")
    scale = np.sqrt(np.where(other[1] > 0, other[1], 1))
    deviation = np.sqrt(np.where(one[1] > 0, one[1], 1))
    return float(max(np.abs((one[0] - other[0]) / scale).max(), np.abs(deviation / scale - 1).max()))


def moments(values: Values) -> tuple[Values, Values]:
    """Mean and variance of each feature, `(n_features,)` each, as scikit-learn's scaler has them."""
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(values)
    return scaler.mean_, scaler.var_


def held_by(model: Any) -> tuple[Values, Values] | None:
    """Mean and variance of each feature that a trained model holds; None if it does not normalise."""
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


def served_features(kept: Values, served: Values, scale: Values, utterances: list[str], *, fold: int) -> list[Finding]:
    """Utterances whose features, extracted anew as a bundle says, are not those that were kept.

    Parameters
    ----------
    kept, served
        `(n_utterances, …)`, the last axis being that of `scale`, or all of them.
    scale
        Standard deviation of each feature.
    """
    if kept.shape != served.shape:
        found = f"the model extracts features of shape {served.shape[1:]}, and was trained on {kept.shape[1:]}"
        return [Finding("error", "served_features", fold, found, SERVED_REMEDY, some(utterances))]
    off = np.abs(kept - served) / scale
    worst = off.reshape(len(off), -1).max(axis=1)
    if not (worst > FEATURE_OFF).any():
        return []
    found = (
        f"of {len(worst)} test utterances extracted as the model says, {int((worst > FEATURE_OFF).sum())} differ from"
        f" what it was trained on, by up to {worst.max():.2g} standard deviations"
    )
    wrong = [name for name, value in zip(utterances, worst, strict=True) if value > FEATURE_OFF]
    return [Finding("error", "served_features", fold, found, SERVED_REMEDY, some(wrong))]


def served_settings(of_model: Mapping[str, Any], of_study: Mapping[str, Any], *, fold: int) -> list[Finding]:
    """A model that extracts by other settings than those of the study's features: the names of both are in `found`."""
    if of_model == of_study:
        return []
    found = f"the model extracts {_named(of_model)}, and the study's features are {_named(of_study)}, set otherwise"
    return [Finding("error", "served_features", fold, found, "train anew with: dvc repro -f train")]


def _named(representation: Mapping[str, Any]) -> str:
    return f"{representation['name']} ({representation['settings'].get('name', 'its parts')})"


def served_predictions(served: pd.DataFrame, reported: pd.DataFrame, *, fold: int) -> list[Finding]:
    """Predictions made anew from the audio, unlike those in the report.

    Parameters
    ----------
    served, reported
        utterance, prediction, and `p_<label>`; of one fold. All served ones are compared that are reported.
    """
    columns = [name for name in probability_columns(served) if name in reported]
    both = served.merge(reported[["utterance", "prediction", *columns]], on="utterance", suffixes=("", "_reported"))
    off = np.abs(both[columns].to_numpy() - both[[f"{name}_reported" for name in columns]].to_numpy()).max(axis=1)
    of_reported = [
        row[f"p_{row['prediction_reported']}"] for _, row in both.iterrows()
    ]  # the most probable, or as good
    wrong = (off > PROBABILITY_OFF) | (both[columns].max(axis=1) > np.array(of_reported) + PROBABILITY_OFF).to_numpy()
    if not wrong.any():
        return []
    found = (
        f"of {len(both)} test utterances predicted from their audio, {int(wrong.sum())} differ from the report,"
        f" by up to {off.max():.2g} in a probability"
    )
    remedy = "predict anew with the models that are here: dvc repro -f evaluate"
    return [Finding("error", "served_predictions", fold, found, remedy, some(both.loc[wrong, "utterance"]))]


def _scale(values: Values) -> Values:
    deviation = values.std(axis=0)
    return np.where(deviation > 0, deviation, 1)
