"""Predict dev and test with the trained models, score, and draw the results and the learning curves."""

from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import files, params_file, stage, tables
from ser.evaluation import captions, metrics, reliability, score, written_scores
from ser.figures import classes, curves, matrices
from ser.models import bundle, trained
from ser.protocol import partitions
from ser.study import predictions_of_study

PARAMS = ("evaluation", "partition", "model.name", "model_input", "members", "seed")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
MODELS = Path("models")
METRICS = Path("reports/metrics.json")
PREDICTIONS = Path("reports/predictions.csv")
CONFUSION = Path("reports/confusion.csv")
RELIABILITY = Path("reports/reliability.csv")
CONFUSION_MATRIX = Path("reports/confusion_matrix.png")
PER_CLASS = Path("reports/per_class.png")
CURVES = Path("reports/learning_curves.png")
CLASSIFICATION_REPORT = Path("reports/classification_report.txt")


def main() -> None:
    config = params_file.load(*PARAMS)
    evaluation, name = config["evaluation"], config["model.name"]
    utterances, table = tables.read_utterances(UTTERANCES), tables.read_partitions(PARTITIONS)
    independent, transductive = partitions.is_speaker_independent(table, utterances), bundle.any_transductive(MODELS)
    properties: dict[str, Any] = {"speaker_independent": independent, "transductive": transductive}
    protocol = partitions.protocol(**config["partition"], **properties)
    wanted = ["dev", "test"] if evaluation["test"] else ["dev"]
    tables.write(predictions_of_study(table, wanted, utterances, MODELS, config), PREDICTIONS)
    predictions = tables.read_predictions(PREDICTIONS)  # so that the scores are those of the rounded file
    scores = metrics.study_metrics(predictions, **evaluation, **properties, protocol=protocol, seed=config["seed"])
    files.write_json(METRICS, scores)
    shown = predictions[predictions["partition"] == wanted[-1]]
    tables.write(reliability.bins(shown, n_bins=evaluation["n_bins"]), RELIABILITY)
    tables.write(shown[["truth", "prediction"]], CONFUSION)
    write_results(shown, written_scores.headline(scores), protocol)
    files.write_figure(CURVES, curves.learning_curves(trained.epochs(MODELS), title=f"{name}, {protocol}"))
    print(score.text(scores, report=CLASSIFICATION_REPORT))


def write_results(predictions: pd.DataFrame, title: str, protocol: str) -> None:
    """Write the confusion matrix, the bars of each class and the classification report of one partition."""
    truth, prediction, corpus = predictions["truth"], predictions["prediction"], predictions["corpus"]
    note = captions.caption(corpus, predictions["partition"].iloc[0], protocol)
    shown: dict[str, Any] = {"labels": metrics.labels_of(predictions), "title": title, "note": note}
    files.write_figure(CONFUSION_MATRIX, matrices.confusion(truth, prediction, **shown))
    files.write_figure(PER_CLASS, classes.per_class(truth, prediction, **shown, corpus=corpus))
    files.write_text(CLASSIFICATION_REPORT, f"{title}\n{note}\n\n{metrics.classification_reports(predictions)}")


if __name__ == "__main__":
    stage.run(main)
