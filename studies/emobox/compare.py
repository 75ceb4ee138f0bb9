"""Score every corpus on EmoBox's folds, as one table beside the published scores."""

from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import files, params_file, tables
from ser.core.stage import run
from ser.evaluation import metrics
from ser.protocol import emobox_scores
from studies.emobox import PREDICTIONS, PROTOCOL, SCORED, SKIPPED

PARAMS = ("evaluation", "model", "seed")
SCORES = Path("reports/emobox.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    for path in sorted(PREDICTIONS.glob(f"*/{SKIPPED}")):
        print(f"no model is trained on {path.parent.name}: {files.read_json(path)['reason']}")
    rows: list[dict[str, Any]] = []
    for path in sorted(PREDICTIONS.glob(f"*/{SCORED}")):
        predictions = tables.read_predictions(path)
        tested = predictions[predictions["partition"] == "test"]
        independent = files.read_json(path.with_name(PROTOCOL))["speaker_independent"]
        row = scores_of(path.parent.name, tested, speaker_independent=independent)
        low, high = metrics.uar_interval(tested, n_resamples=config["evaluation"]["n_resamples"], seed=config["seed"])
        rows.append(row | {"uar_low": low, "uar_high": high})
    if not rows:
        raise ValueError("no corpus of EmoBox is installed; `ser corpora` lists those that are, and how to get others")
    tables.write(pd.DataFrame(rows), SCORES)


def scores_of(corpus: str, tested: pd.DataFrame, *, speaker_independent: bool) -> dict[str, Any]:
    """Scores of one corpus, and the published ones; these are in per cent."""
    scores = metrics.scores(tested)
    return {
        "corpus": corpus,
        "shares_speakers": not speaker_independent,
        "n_utterances": len(tested),
        "n_speakers": tested["speaker"].nunique(),
        "n_emotions": len(metrics.labels_of(tested)),
        "uar": scores["uar"],
        "accuracy": scores["accuracy"],
        **dict(zip(emobox_scores.MODELS, emobox_scores.UAR[corpus], strict=True)),
    }


if __name__ == "__main__":
    run(main)
