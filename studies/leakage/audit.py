"""Audit the tables, models and predictions of one protocol; fail if a leak is found that it does not declare."""

from pathlib import Path

from ser.audit import findings, study_checks
from ser.core import files, params_file
from ser.core.stage import run_item
from studies.leakage import AUDITS, MODELS, PREDICTIONS, PROTOCOLS, TABLES

PARAMS = ("corpus.root", "model.name", "representation")


def main(protocol: str) -> None:
    config = params_file.load(*PARAMS)
    folder = PROTOCOLS / protocol
    representation = {**config["representation"], "path": str(folder / TABLES["features"])}
    study = study_checks.read(
        {**config, "representation": representation, "tables.format": "csv"},
        **{name: folder / TABLES[name] for name in ("utterances", "partitions", "balanced")},
        models=folder / MODELS,
        predictions=PREDICTIONS / f"{protocol}.csv",
    )
    report = study_checks.report(study, {"name": protocol})
    files.write_json(Path(AUDITS, f"{protocol}.json"), report)
    print(findings.as_text(report))
    findings.check(report)


if __name__ == "__main__":
    run_item(main)
