"""Sample of the training rows of a classifier."""

import numpy as np
import pandas as pd
import pytest

from ser.models import row_sampling
from ser.models.settings import Settings
from ser.representation.reading import Representation
from ser.study import AFTER_REFIT, Study, models_of_fold
from tests.support.learning_tables import feature_table, utterance_table


def test_a_sample_keeps_the_recordings_of_a_rare_emotion_before_its_synthetic_rows() -> None:
    emotion = pd.Series(["sad"] * 9_000 + ["calm"] * 9_000)
    real = np.arange(18_000) < 9_004  # of calm, 4 recordings and 8,996 synthetic rows
    for seed in range(5):
        kept = row_sampling.sample(emotion, real, n_rows=4_000, seed=seed)
        assert np.isin(np.arange(9_000, 9_004), kept).all()
        assert (kept >= 9_000).sum() == 2_000


def test_a_bundle_states_the_rows_that_its_model_was_fitted_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_sampling, "MIN_ROWS_OF_EMOTION", 2)
    monkeypatch.setattr(row_sampling, "MAX_ROWS", {"svm": 8})
    table = feature_table(utterances := utterance_table(4, emotions=["neutral", "sad"], n_repetitions=2))
    partitions = pd.DataFrame({"fold": 0, "utterance": table["utterance"], "partition": "train"})
    balanced = table.assign(fold=0, synthetic=False)
    model = {"name": "svm", "representation": "librosa", "C": 1.0, "gamma": "scale"}
    training = {"refit": False, "n_calibration_folds": 2, "calibration": "speakers"}
    settings = Settings(model, training, {"name": "librosa", "settings": {}, "path": ""}, seed=0)
    study = Study(utterances, partitions, Representation(table), balanced, settings)
    found = models_of_fold(study, 0, run="", on_epoch=print)[AFTER_REFIT]
    assert found.description["n_rows"] == 8 < len(table)
