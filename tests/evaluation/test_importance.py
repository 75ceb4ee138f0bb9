"""Permutation importance of descriptors."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from ser.evaluation import importance
from ser.models.bundle import Bundle

LABELS = ["neutral", "sad"]


def bundle_of(model: Any, columns: list[str]) -> Bundle:
    return Bundle(model, LABELS, columns, {}, {})


def by_sign(*used: int) -> SimpleNamespace:
    """Model that predicts sad where the sum of the columns `used` is above 0."""

    def predict_proba(values: np.ndarray) -> np.ndarray:
        sad = (values[:, list(used)].sum(axis=1) > 0).astype(float)
        return np.stack([1 - sad, sad], axis=1)

    return SimpleNamespace(classes_=LABELS, predict_proba=predict_proba)


def rows_of(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """MFCC_1 depends on the emotion; MFCC_1_Std is its copy; the others are noise."""
    random = np.random.default_rng(seed)
    code = random.integers(0, 2, n)
    told = (2 * code - 1 + random.normal(0, 0.3, n)).astype(np.float32)
    noise = random.normal(size=(n, 2)).astype(np.float32)
    columns = {"MFCC_1": told, "MFCC_1_Std": told, "RMS": noise[:, 0], "Mel_12": noise[:, 1]}
    return pd.DataFrame({"emotion": np.array(LABELS)[code], **columns})


COLUMNS = ["MFCC_1", "MFCC_1_Std", "RMS", "Mel_12"]


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("MFCC_3_Std", "MFCC"),
        ("MFCC_13", "MFCC"),
        ("Delta2_MFCC_1", "Delta2_MFCC"),
        ("Spectral_Contrast_7", "Spectral_Contrast"),
        ("Tonnetz_STFT_2_Std", "Tonnetz_STFT"),
        ("RMS", "RMS"),
        ("RMS_Std", "RMS"),
        ("YAMNet_1023", "YAMNet"),
        ("F0semitoneFrom27.5Hz_sma3nz_percentile20.0", "F0semitoneFrom27.5Hz"),
        ("audSpec_Rfilt_sma_de[25]_range", "audSpec_Rfilt"),
        ("mfcc_sma[1]_quartile1", "mfcc"),
        ("VoicedSegmentsPerSec", "VoicedSegmentsPerSec"),
    ],
)
def test_the_descriptor_is_the_beginning_of_the_feature_name(column: str, name: str) -> None:
    assert importance.descriptor(column) == name


def test_unused_features_have_zero_importance() -> None:
    found = importance.importances([(bundle_of(by_sign(0), COLUMNS), rows_of())], n_repeats=3, seed=0)
    falls = found.set_index("descriptor")
    assert falls.loc[["RMS", "Mel"], ["drop", "least", "most"]].eq(0).all(axis=None)
    assert found["descriptor"][0] == "MFCC"
    assert falls["n_features"].to_dict() == {"MFCC": 2, "RMS": 1, "Mel": 1}


def test_permuting_all_used_features_leaves_the_uar_at_chance() -> None:
    """All predictions are correct before, half of two balanced classes after: the UAR falls by 0.5."""
    found = importance.importances([(bundle_of(by_sign(0), COLUMNS), rows_of(4000))], n_repeats=5, seed=0)
    assert found["drop"][0] == pytest.approx(0.5, abs=0.02)
    assert found["least"][0] <= found["drop"][0] <= found["most"][0]


def test_features_of_a_descriptor_are_permuted_together() -> None:
    """With one of two copies permuted, the sign of the sum would often stay the same, and the UAR fall by 0.25."""
    rows = rows_of(4000)
    found = importance.importances([(bundle_of(by_sign(0, 1), COLUMNS), rows)], n_repeats=3, seed=0)
    assert found["drop"][0] == pytest.approx(0.5, abs=0.03)


def test_importances_of_single_features_agree_with_scikit_learn() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(600, 3)).astype(np.float32)
    emotion = np.array(LABELS)[(values @ [2.0, 1.0, 0.0] + random.normal(size=600) > 0).astype(int)]
    model = LogisticRegression().fit(values, emotion)
    rows = pd.DataFrame(values, columns=["RMS", "Pitch", "Mel"]).assign(emotion=emotion)
    ours = importance.importances([(bundle_of(model, ["RMS", "Pitch", "Mel"]), rows)], n_repeats=40, seed=0)
    theirs = permutation_importance(model, values, emotion, scoring="balanced_accuracy", n_repeats=40, random_state=0)
    found = ours.set_index("descriptor").loc[["RMS", "Pitch", "Mel"], "drop"]
    np.testing.assert_allclose(found, theirs.importances_mean, atol=0.01)


def test_folds_are_pooled_and_not_mixed() -> None:
    """A model that is wrong in one fold and correct in the other has a UAR of 0.5, which cannot fall."""
    rows = rows_of(4000)
    wrong = rows.assign(MFCC_1=-rows["MFCC_1"])
    models = [(bundle_of(by_sign(0), COLUMNS), part) for part in (rows, wrong)]
    assert importance.importances(models, n_repeats=3, seed=0)["drop"].abs().max() < 0.03


def test_importances_depend_on_the_seed() -> None:
    models = [(bundle_of(by_sign(0, 2), COLUMNS), rows_of())]
    first, again, other = (importance.importances(models, n_repeats=2, seed=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
