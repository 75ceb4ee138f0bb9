"""Predict dev and test with the trained models, score, and draw the confusion matrix."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.metrics import classification_report

from ser import corpora, params
from ser.core import files, tables
from ser.evaluation import metrics, reliability
from ser.figures import result_figures
from ser.models import ENSEMBLE, bundle, ensembles
from ser.models.prediction import predictions_of, rounded
from ser.protocol import partitions
from ser.representation import reading
from ser.representation.reading import Representation
from stages import run

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
CLASSIFICATION_REPORT = Path("reports/classification_report.txt")


def main() -> None:
    config = params.load(*PARAMS)
    evaluation, partition = config["evaluation"], config["partition"]
    utterances = tables.read_utterances(UTTERANCES)
    table = tables.read_partitions(PARTITIONS)
    independent = partitions.is_speaker_independent(table, utterances)
    transductive = is_transductive(MODELS)
    protocol = partitions.protocol(**partition, speaker_independent=independent, transductive=transductive)
    wanted = ["dev", "test"] if evaluation["test"] else ["dev"]
    table = table[table["partition"].isin(wanted)]
    source = Path(config["model_input"])
    if config["model.name"] == ENSEMBLE:
        found = predicted_by_members(table, source, config["members"], MODELS)
    else:
        found = predicted(table, utterances, reading.read(source), MODELS)
    tables.write(rounded(found), PREDICTIONS)
    predictions = tables.read_predictions(PREDICTIONS)  # scores come from what people can read, digits and all
    scores = metrics.metrics(
        predictions,
        **evaluation,
        protocol=protocol,
        speaker_independent=independent,
        transductive=transductive,
        seed=config["seed"],
    )
    files.write_json(METRICS, scores)
    shown = predictions[predictions["partition"] == wanted[-1]]
    tables.write(reliability.bins(shown, n_bins=evaluation["n_bins"]), RELIABILITY)
    write_pictures(shown, title(scores), protocol)


def is_transductive(models: Path) -> bool:
    """Whether a model in `models` reads features that all utterances of a speaker are needed for."""
    descriptions = (bundle.read_description(path.parent) for path in sorted(models.glob(f"*/{bundle.DESCRIPTION}")))
    return any(bundle.is_transductive(one.get("representation", {})) for one in descriptions)


def title(scores: Mapping[str, Any]) -> str:
    """UAR and its interval, or with fewer than 6 speakers theirs; the dev UAR where test is left out."""
    if "uar" not in scores:
        return f"dev UAR {scores['dev.uar']:.1%}"
    low, high = scores["uar_low"], scores["uar_high"]
    of_speakers = ", ".join(f"{name} {uar:.1%}" for name, uar in metrics.uar_by_speaker(scores).items())
    doubt = of_speakers if low is None else f"95 % interval {low:.1%} to {high:.1%}"
    return f"UAR {scores['uar']:.1%}" + (f" ({doubt})" if doubt else "")


def predicted(table: pd.DataFrame, utterances: pd.DataFrame, features: Representation, models: Path) -> pd.DataFrame:
    """Predictions for the rows of a table of partitions, by the bundles in `models`.

    Dev rows are predicted by the model that did not learn from them. An emotion that a fold did not train has the
    probability 0 there.
    """
    parts = []
    for (fold, partition), rows in table.groupby(["fold", "partition"]):
        after = models / f"fold_{fold}"
        before = after / bundle.BEFORE_REFIT
        model = bundle.load(before if partition == "dev" and before.is_dir() else after)
        parts.append(predictions_of(rows, utterances, features, model))
    return in_order(pd.concat(parts))


def predicted_by_members(table: pd.DataFrame, folder: Path, members: Iterable[str], models: Path) -> pd.DataFrame:
    """Mean, as the ensembles in `models` name it, of what the members predicted for the rows of a table of partitions.

    Raises
    ------
    ValueError
        If a member did not predict all of them: it is of another run.
    """
    rows = table[["fold", "utterance", "partition"]]
    parts = []
    for name in members:
        part = tables.read_predictions(folder / name / ensembles.PREDICTIONS).merge(rows)
        if len(part) != len(rows):
            raise ValueError(
                f"member {name} predicted {len(part)} of {len(rows)} utterances; make all tables anew with: dvc repro"
            )
        parts.append(part)
    ensemble = bundle.read_description(models / f"fold_{table['fold'].min()}")
    return in_order(ensembles.averaged(parts, ensemble["model"]))


def in_order(predictions: pd.DataFrame) -> pd.DataFrame:
    """Rows by fold and utterance, probabilities by label; none is missing."""
    probabilities = tables.probability_columns(predictions)
    facts = [column for column in predictions if column not in probabilities]
    ordered = predictions.sort_values(["fold", "utterance"], ignore_index=True)
    return pd.concat([ordered[facts], ordered[probabilities].fillna(0.0)], axis=1)


def write_pictures(predictions: pd.DataFrame, heading: str, protocol: str) -> None:
    """Write the confusion matrix, the bars and the report of one partition's predictions."""
    truth, prediction = predictions["truth"], predictions["prediction"]
    labels, names = metrics.labels_of(predictions), sorted(predictions["corpus"].unique())
    note = "\n".join([f"{' and '.join(names)}, {predictions['partition'].iloc[0]}, {protocol}", *corpora.notes(names)])
    tables.write(predictions[["truth", "prediction"]], CONFUSION)
    matrix = result_figures.confusion(truth, prediction, labels=labels, title=heading, note=note)
    bars = result_figures.per_class(
        truth, prediction, labels=labels, title=heading, note=note, corpus=predictions["corpus"]
    )
    for figure, path in ((matrix, CONFUSION_MATRIX), (bars, PER_CLASS)):
        with files.replacing(path) as temporary:
            figure.savefig(temporary)
    parts = [("", predictions), *((f"{name} alone\n", rows) for name, rows in metrics.rows_by_corpus(predictions))]
    reports = [f"{head}{report(rows['truth'], rows['prediction'], labels)}" for head, rows in parts]
    files.write_text(CLASSIFICATION_REPORT, "\n".join([f"{heading}\n{note}\n", *reports]))


def report(truth: pd.Series, prediction: pd.Series, labels: list[str]) -> str:
    """Precision, recall and F1 of each class as text."""
    return str(classification_report(truth, prediction, labels=labels, digits=3, zero_division=0))


if __name__ == "__main__":
    run(main)
