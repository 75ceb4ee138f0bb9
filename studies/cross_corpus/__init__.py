"""Cross-corpus study: train and test on every pair of corpora, on the emotions that all of them have."""

from pathlib import Path

PREDICTIONS = Path("data/predictions")
ACROSS, WITHIN = (
    "across.csv",
    "within.csv",
)  # predictions of other corpora; of the training corpus in folds
