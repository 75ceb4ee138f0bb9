"""Write the report of the study: one page that opens without a network, and Markdown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ser import params
from ser.core import files, git, params_file, tables
from ser.core.stage import run
from ser.evaluation import projections
from ser.models import trained
from ser.reporting import assembly, render
from ser.tuning import overrides

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
CODE = ("ser", "stages", "conf", "dvc.yaml")
PAGE = Path("reports/report.html")
MARKDOWN = Path("reports/report.md")


def main() -> None:
    report = assembly.report(inputs(params_file.load(*PARAMS)))
    files.write_text(PAGE, render.html(report))
    files.write_text(MARKDOWN, render.markdown(report))


def inputs(config: Mapping[str, Any]) -> assembly.Inputs:
    """Everything that the report is made from."""
    return assembly.Inputs(
        config=config,
        utterances=tables.read_utterances(UTTERANCES),
        partitions=tables.read_partitions(PARTITIONS),
        predictions=tables.read_predictions(PREDICTIONS),
        models=trained.models_in(MODELS),
        epochs=trained.epochs(MODELS),
        metrics=files.read_json(METRICS),
        audit=files.read_json(AUDIT),
        ingest=files.read_json(INGEST),
        maps={name: pd.read_csv(PROJECTIONS / f"{name}.csv") for name in projections.TITLES},
        code=git.revision(CODE),
        command=overrides.command(params_file.everything()) if params.CONF.is_dir() else None,
    )


if __name__ == "__main__":
    run(main)
