"""Check tables, audio and models for leaks; fail if a leak is found that the protocol does not declare."""

from pathlib import Path

from ser.audit import findings, study_checks
from ser.core import files, params_file
from ser.core.stage import run

PARAMS = ("corpus.root", "partition", "representation", "model.name", "tables.format")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
BALANCED = Path("data/balanced_dataset.csv")
MODELS = Path("models")
REPORT = Path("reports/audit.json")


def main() -> None:
    config = params_file.load(*PARAMS)
    study = study_checks.read(config, utterances=UTTERANCES, partitions=PARTITIONS, balanced=BALANCED, models=MODELS)
    report = study_checks.report(study, config["partition"])
    files.write_json(REPORT, report)  # written first, so that it exists if the check fails
    print(findings.as_text(report))
    findings.check(report)


if __name__ == "__main__":
    run(main)
