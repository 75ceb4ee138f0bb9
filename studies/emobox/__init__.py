"""Study on EmoBox's folds: the same model on every installed corpus, beside the published scores."""

from pathlib import Path

PREDICTIONS = Path("data/predictions")
SCORED, PROTOCOL = "folds.csv", "protocol.json"
SKIPPED = "skipped.json"  # why no model is trained on a corpus
