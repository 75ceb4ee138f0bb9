"""Write the report of the study: one page that opens without a network, and Markdown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import files, params, tables
from ser.core.stage import run
from ser.evaluation import importance, projections
from ser.models import bundle
from ser.reporting import insight, mistakes, render, results, study
from ser.reporting.blocks import Report, Section
from ser.reporting.trained import Trained, temperature, trained
from ser.representation import reading

PARAMS = (
    *("corpus", "labels", "partition", "representation", "augmentation", "balance", "model", "training", "members"),
    *("model_input", "evaluation", "report", "seed"),
)
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
MODELS = Path("models")
METRICS = Path("reports/metrics.json")
PREDICTIONS = Path("reports/predictions.csv")
AUDIT = Path("reports/audit.json")
INGEST = Path("reports/ingest.json")
PROJECTIONS = Path("reports/projections")
PAGE = Path("reports/report.html")
MARKDOWN = Path("reports/report.md")


def main() -> None:
    config = params.load(*PARAMS)
    report = report_of(config)
    files.write_text(PAGE, render.html(report))
    files.write_text(MARKDOWN, render.markdown(report))


def report_of(config: Mapping[str, Any]) -> Report:
    """Everything in the order of the page: results, reasons, what was done."""
    figures, audit = files.read_json(METRICS), files.read_json(AUDIT)
    utterances = tables.read_utterances(UTTERANCES)
    predictions = tables.read_predictions(PREDICTIONS)
    models = trained(MODELS)
    shown = "test" if results.is_tested(figures) else "dev"
    rows = predictions[predictions["partition"] == shown]
    n_resamples = config["evaluation"]["n_resamples"] if shown == "test" else 0
    names = sorted(utterances["corpus"].unique())
    sections = [
        results.confusion(rows),
        results.classes(rows),
        results.of_groups(rows, n_resamples=n_resamples, seed=config["seed"]),
        *reasons(predictions, utterances, models, config, shown=shown),
        *procedure(utterances, config, protocol=figures["protocol"]),
        study.audit(audit),
        study.card(models),
    ]
    title, subtitle = study.title(config, names)
    return Report(
        title,
        subtitle,
        headline=results.headline(rows, figures, n_resamples=n_resamples),
        caveats=results.caveats(figures, audit, partition=config["partition"]["name"], names=names),
        sections=[section for section in sections if section is not None],
        versions=study.versions(models),
    )


def reasons(
    predictions: pd.DataFrame,
    utterances: pd.DataFrame,
    models: Sequence[Trained],
    config: Mapping[str, Any],
    *,
    shown: str,
) -> list[Section | None]:
    """Why the results are as they are; None for what does not apply to the models."""
    options, root = config["report"], Path(config["corpus"]["root"])
    rows = predictions[predictions["partition"] == shown]
    return [
        insight.calibration(
            predictions,
            shown=shown,
            trained=temperatures(models, shown),
            temperature=options["temperature"],
            n_bins=config["evaluation"]["n_bins"],
            lone=sorted({name for model in models for name in model.description.get("calibrated_within", ())}),
        ),
        insight.mistakes(mistakes.clips(rows, utterances, root, n=options["n_mistakes"]), rows),
        importance_section(predictions, models, config),
        insight.learning_curves(models),
        insight.of_projections({name: pd.read_csv(PROJECTIONS / f"{name}.csv") for name in projections.TITLES}),
    ]


def procedure(utterances: pd.DataFrame, config: Mapping[str, Any], *, protocol: str) -> list[Section]:
    """What was done, and with what."""
    names = sorted(utterances["corpus"].unique())
    identifying = {key: value for key, value in config.items() if key not in ("report", "model_input")}
    return [
        study.settings(identifying, protocol=protocol, names=names),
        study.corpus(utterances, files.read_json(INGEST)),
        study.partition(tables.read_partitions(PARTITIONS), utterances, protocol=protocol),
    ]


def temperatures(models: Sequence[Trained], shown: str) -> dict[int, float] | None:
    """Fold -> temperature of the model that predicted the partition; None of ensembles, which have several."""
    if any(model.member for model in models):
        return None
    return {model.fold: temperature(model.not_of_dev() if shown == "dev" else model.folder) for model in models}


def importance_section(
    predictions: pd.DataFrame, models: Sequence[Trained], config: Mapping[str, Any]
) -> Section | None:
    """Importance of the descriptors that the models read; None where those are not several, or without repeats."""
    options, seed = config["report"], config["seed"]
    source = Path(config["model_input"])
    if not options["n_repeats"] or any(model.member or not model.description["columns"] for model in models):
        return None
    if len({importance.descriptor(column) for column in models[0].description["columns"]}) < 2:
        return None
    features = reading.read(source)
    if features.array is not None:
        return None
    dev = predictions[predictions["partition"] == "dev"]
    drawn = projections.sampled(dev, max_rows=options["max_rows"], seed=seed)
    rows = {int(str(fold)): part for fold, part in drawn.groupby("fold")}
    inputs = [
        (
            bundle.load(model.not_of_dev()),
            features.rows.iloc[features.positions(rows[model.fold].assign(variant=tables.ORIGINAL))],
        )
        for model in models
        if model.fold in rows
    ]
    falls = importance.importances(inputs, n_repeats=options["n_repeats"], seed=seed)
    return insight.importance(falls, n_rows=len(drawn), n_dev=len(dev), n_repeats=options["n_repeats"])


if __name__ == "__main__":
    run(main)
