"""Cross-corpus study: test every corpus by models of each corpus and of all others, on the emotions that all have."""

from pathlib import Path

PREDICTIONS = Path("data/predictions")
# Predictions of other corpora; of the training corpus in folds; of the corpus by a model that all others trained.
ACROSS, WITHIN, LEFT_OUT = "across.csv", "within.csv", "left_out.csv"
SKIPPED = "skipped.json"  # why no model is trained on a corpus
