"""Score every protocol in one table, and draw the inflation of the scores by leakage."""

from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import files, params_file, tables
from ser.core.stage import run
from ser.evaluation import metrics
from ser.evaluation.captions import caption
from studies.leakage import AUDITS, PREDICTIONS, protocol_scores

PARAMS = ("evaluation", "model", "seed")
SCORES = Path("reports/leakage.csv")
PICTURE = Path("reports/leakage.png")


def main() -> None:
    config = params_file.load(*PARAMS)
    rows, labels, names = [], [], set()
    for protocol in protocol_scores.ORDER:
        predictions = tables.read_predictions(PREDICTIONS / f"{protocol}.csv")
        report = files.read_json(AUDITS / f"{protocol}.json")
        labels = metrics.labels_of(predictions)
        names |= set(predictions["corpus"])
        rows.append(_row(predictions, report, n_resamples=config["evaluation"]["n_resamples"], seed=config["seed"]))
    scores = protocol_scores.with_inflation(pd.DataFrame(rows, index=protocol_scores.ORDER))
    tables.write(scores.reset_index(names="protocol"), SCORES)
    note = caption(names, f"{config['model']['name']} on {config['model']['representation']}")
    files.write_figure(PICTURE, protocol_scores.picture(scores, chance=1 / len(labels), note=note))


def _row(predictions: pd.DataFrame, report: dict[str, Any], *, n_resamples: int, seed: int) -> dict[str, Any]:
    """Scores of one protocol, and the findings of its audit."""
    low, high = metrics.uar_interval(predictions, n_resamples=n_resamples, seed=seed)
    scores = metrics.scores(predictions)
    errors = [one["check"] for one in report["findings"] if one["level"] == "error"]
    return {
        "shown": report["protocol"],
        "declared": report["declared"],
        "n_predictions": len(predictions),
        "n_speakers": predictions["speaker"].nunique(),
        "uar": scores["uar"],
        "uar_low": low,
        "uar_high": high,
        "accuracy": scores["accuracy"],
        "audit_errors": report["n_errors"],
        "audit_notes": report["n_notes"],
        "audit_found": " ".join(dict.fromkeys(errors)),
    }


if __name__ == "__main__":
    run(main)
