"""Every corpus against every corpus, on the emotions that all of them have."""

from pathlib import Path

PREDICTIONS = Path("data/predictions")
ACROSS, WITHIN = "across.csv", "within.csv"  # of the other corpora; of the training corpus, in folds of speakers
