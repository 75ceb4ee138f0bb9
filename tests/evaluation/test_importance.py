"""Which descriptors a model needs."""

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
    """A model that says sad where the sum of the columns `used` is above 0."""

    def predict_proba(values: np.ndarray) -> np.ndarray:
        sad = (values[:, list(used)].sum(axis=1) > 0).astype(float)
        return np.stack([1 - sad, sad], axis=1)

    return SimpleNamespace(classes_=LABELS, predict_proba=predict_proba)


def rows_of(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """MFCC_1 tells the emotion; MFCC_1_Std is its double; the others are noise."""
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
def test_a_feature_is_of_the_descriptor_that_its_name_begins_with(column: str, name: str) -> None:
    assert importance.descriptor(column) == name


def test_what_a_model_does_not_use_has_exactly_no_importance() -> None:
    found = importance.importances([(bundle_of(by_sign(0), COLUMNS), rows_of())], n_repeats=3, seed=0)
    falls = found.set_index("descriptor")
    assert falls.loc[["RMS", "Mel"], ["drop", "least", "most"]].eq(0).all(axis=None)
    assert found["descriptor"][0] == "MFCC"
    assert falls["n_features"].to_dict() == {"MFCC": 2, "RMS": 1, "Mel": 1}


def test_all_that_a_model_uses_permuted_leaves_it_at_chance() -> None:
    """All right before, half of two balanced classes after: a fall of a half."""
    found = importance.importances([(bundle_of(by_sign(0), COLUMNS), rows_of(4000))], n_repeats=5, seed=0)
    assert found["drop"][0] == pytest.approx(0.5, abs=0.02)
    assert found["least"][0] <= found["drop"][0] <= found["most"][0]


def test_features_of_a_descriptor_are_permuted_together() -> None:
    """Each of two doubles alone would leave the sum's sign mostly right: a fall of 0.25."""
    rows = rows_of(4000)
    found = importance.importances([(bundle_of(by_sign(0, 1), COLUMNS), rows)], n_repeats=3, seed=0)
    assert found["drop"][0] == pytest.approx(0.5, abs=0.03)


def test_of_single_features_the_falls_are_scikit_learn_s_but_for_the_draws() -> None:
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
    """A model that is wrong in one fold and right in the other has a UAR of a half, and nothing to lose."""
    rows = rows_of(4000)
    wrong = rows.assign(MFCC_1=-rows["MFCC_1"])
    models = [(bundle_of(by_sign(0), COLUMNS), part) for part in (rows, wrong)]
    assert importance.importances(models, n_repeats=3, seed=0)["drop"].abs().max() < 0.03


def test_the_same_seed_gives_the_same_falls_and_another_does_not() -> None:
    models = [(bundle_of(by_sign(0, 2), COLUMNS), rows_of())]
    first, again, other = (importance.importances(models, n_repeats=2, seed=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
