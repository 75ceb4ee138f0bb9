"""Scores of a pair of corpora: one for training, one for test."""

from pathlib import Path
from typing import Any

import pandas as pd

from ser.evaluation import metrics
from studies.cross_corpus import ACROSS, LEFT_OUT, WITHIN

OTHERS = "all others"  # in the place of a training corpus
PROTOCOL = {ACROSS: "cross_corpus", WITHIN: "speaker_folds", LEFT_OUT: "leave_one_corpus_out"}


def pair_scores(path: Path, test_corpus: str, rows: pd.DataFrame, *, n_resamples: int, seed: int) -> dict[str, Any]:
    """Scores of the models that were trained on one corpus, for the utterances of `test_corpus`: one row of the table.

    Parameters
    ----------
    path
        File of predictions: `<training corpus>/across.csv`, `<training corpus>/within.csv` (folds of speakers), or
        `<test corpus>/left_out.csv` (trained on all others).
    rows
        Predictions in that file for the utterances of `test_corpus`.

    Examples
    --------
    >>> rows = pd.DataFrame({"speaker": ["a", "b"], "truth": ["sad", "calm"], "prediction": "sad"})
    >>> rows = rows.assign(p_calm=0.4, p_sad=0.6)
    >>> found = pair_scores(Path("emodb/across.csv"), "savee", rows, n_resamples=9, seed=0)
    >>> found["train_corpus"], found["test_corpus"], found["uar"]
    ('emodb', 'savee', 0.5)
    """
    low, high = metrics.uar_interval(rows, n_resamples=n_resamples, seed=seed)
    scores = metrics.scores(rows)
    return {
        "train_corpus": OTHERS if path.name == LEFT_OUT else path.parent.name,
        "test_corpus": test_corpus,
        "protocol": PROTOCOL[path.name],
        "emotions": " ".join(metrics.labels_of(rows)),
        "n_utterances": len(rows),
        "n_speakers": rows["speaker"].nunique(),
        "uar": scores["uar"],
        "uar_low": low,
        "uar_high": high,
        "accuracy": scores["accuracy"],
    }
