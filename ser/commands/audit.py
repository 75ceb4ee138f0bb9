"""`ser audit`: the checks of the stage `audit` on what is here, and those of the predictions, if there are any."""

import argparse
from pathlib import Path

from ser.commands import Failed

UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
BALANCED = Path("data/balanced_dataset.csv")
MODELS = Path("models")
PREDICTIONS = Path("reports/predictions.csv")


def add_options(parser: argparse.ArgumentParser) -> None:
    """How to print."""
    parser.add_argument("--json", action="store_true", help="print what the stage writes to reports/audit.json")


def run(given: argparse.Namespace) -> str:
    """Print what was found; errors end it with exit status 1, whatever the protocol admits.

    Raises
    ------
    Failed
        If there are errors.
    ValueError, OSError
        If what a study makes is not here, damaged, or of different runs.
    """
    import json

    from ser.audit import findings, study_checks
    from ser.core import params

    config = params.load("corpus.root", "partition", "representation", "model.name", "tables.format")
    if missing := [path for path in (UTTERANCES, PARTITIONS, MODELS) if not path.exists()]:
        raise ValueError(f"no {missing[0]} here; make it with: dvc repro train")
    study = study_checks.read(
        config,
        utterances=UTTERANCES,
        partitions=PARTITIONS,
        balanced=BALANCED,
        models=MODELS,
        predictions=PREDICTIONS if PREDICTIONS.is_file() else None,
    )
    report = study_checks.report(study, config["partition"])
    text = json.dumps(report, indent=2, ensure_ascii=False) if given.json else findings.as_text(report)
    if not report["n_errors"]:
        return text
    print(text)
    raise Failed(f"{report['n_errors']} error(s) found")
