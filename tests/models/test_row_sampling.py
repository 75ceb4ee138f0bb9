"""Sample of the training rows of a classifier."""

import numpy as np
import pandas as pd

from ser.models import row_sampling


def test_a_sample_keeps_the_recordings_of_a_rare_emotion_before_its_synthetic_rows() -> None:
    emotion = pd.Series(["sad"] * 9_000 + ["calm"] * 9_000)
    real = np.arange(18_000) < 9_004  # of calm, 4 recordings and 8,996 synthetic rows
    for seed in range(5):
        kept = row_sampling.sample(emotion, real, n_rows=4_000, seed=seed)
        assert np.isin(np.arange(9_000, 9_004), kept).all()
        assert (kept >= 9_000).sum() == 2_000
