"""Checks that the served model extracts and predicts as the pipeline did."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ser.audit.feature_checks import Values
from ser.audit.findings import Finding, first_examples
from ser.core.tables import probability_columns
from ser.core.wording import counted

FEATURE_TOLERANCE = 1e-3  # standard deviations of the feature
PROBABILITY_TOLERANCE = 1e-4

SERVED_REMEDY = "extract and train again with one version of the code: dvc repro -f"


def served_features(
    stored: Values, served: Values, scale: Values, utterances: list[str], *, fold: int
) -> list[Finding]:
    """Utterances whose features, extracted again with the settings of a model, differ from the stored ones.

    Parameters
    ----------
    stored, served
        `(n_utterances, …)`.
    scale
        Standard deviation of each feature, which is the last axis, or one number for all values.
    utterances
        Name of each utterance.

    Examples
    --------
    >>> stored, scale = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0])
    >>> served = stored + [[0.0, 0.0], [0.0, 0.5]]
    >>> served_features(stored, served, scale, ["u1", "u2"], fold=0)[0].examples
    ['u2']
    """
    if stored.shape != served.shape:
        found = f"the model extracts features of shape {served.shape[1:]}, but was trained on {stored.shape[1:]}"
        return [Finding("error", "served_features", fold, found, SERVED_REMEDY, first_examples(utterances))]
    off = np.abs(stored - served) / scale
    worst = off.reshape(len(off), -1).max(axis=1)
    if not (worst > FEATURE_TOLERANCE).any():
        return []
    found = (
        f"{int((worst > FEATURE_TOLERANCE).sum())} of {counted(len(worst), 'test utterance')}, extracted again with the"
        f" settings of the model, differ from the stored features by up to {worst.max():.2g} standard deviations"
    )
    wrong = [name for name, value in zip(utterances, worst, strict=True) if value > FEATURE_TOLERANCE]
    return [Finding("error", "served_features", fold, found, SERVED_REMEDY, first_examples(wrong))]


def served_settings(of_model: Mapping[str, Any], of_study: Mapping[str, Any], *, fold: int) -> list[Finding]:
    """Model whose settings of the representation differ from those of the study.

    Examples
    --------
    >>> mine, other = ({"name": "librosa", "settings": {"name": name}} for name in ("means_42", "energy_set"))
    >>> served_settings(mine, other, fold=0)[0].found
    'features have different settings in the model, librosa (means_42), and in the study, librosa (energy_set)'
    """
    if of_model == of_study:
        return []
    found = f"features have different settings in the model, {_named(of_model)}, and in the study, {_named(of_study)}"
    return [Finding("error", "served_features", fold, found, "train again with: dvc repro -f train")]


def _named(representation: Mapping[str, Any]) -> str:
    return f"{representation['name']} ({representation['settings'].get('name', 'its parts')})"


def served_predictions(served: pd.DataFrame, reported: pd.DataFrame, *, fold: int) -> list[Finding]:
    """Predictions made again from the audio that differ from those in the report.

    Parameters
    ----------
    served, reported
        Columns utterance, prediction and `p_<label>`, of one fold; utterances in both are compared.

    Examples
    --------
    >>> reported = pd.DataFrame({"utterance": ["u1", "u2"], "prediction": "sad", "p_calm": 0.25, "p_sad": 0.75})
    >>> served = reported.assign(p_calm=[0.25, 0.5], p_sad=[0.75, 0.5])
    >>> served_predictions(served, reported, fold=0)[0].examples
    ['u2']
    """
    columns = [name for name in probability_columns(served) if name in reported]
    both = served.merge(reported[["utterance", "prediction", *columns]], on="utterance", suffixes=("", "_reported"))
    off = np.abs(both[columns].to_numpy() - both[[f"{name}_reported" for name in columns]].to_numpy()).max(axis=1)
    # The reported label must be the most probable one; a tie with another label is no difference.
    of_reported = np.array([row[f"p_{row['prediction_reported']}"] for _, row in both.iterrows()])
    is_other_label = (both[columns].max(axis=1) > of_reported + PROBABILITY_TOLERANCE).to_numpy()
    wrong = (off > PROBABILITY_TOLERANCE) | is_other_label
    if not wrong.any():
        return []
    found = (
        f"{int(wrong.sum())} of {counted(len(both), 'test utterance')}, predicted again from their audio, differ from"
        f" the report by up to {off.max():.2g} in a probability"
    )
    remedy = "predict again with the present models: dvc repro -f evaluate"
    return [Finding("error", "served_predictions", fold, found, remedy, first_examples(both.loc[wrong, "utterance"]))]
