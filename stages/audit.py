"""Look for leaks, in the tables, the audio and the models; fail if there are any that the protocol does not admit."""

from pathlib import Path

from ser import params
from ser.audit import findings, study_checks
from ser.core import files
from stages import run

PARAMS = ("corpus.root", "partition", "representation", "model.name", "tables.format")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
BALANCED = Path("data/balanced_dataset.csv")
MODELS = Path("models")
REPORT = Path("reports/audit.json")


def main() -> None:
    config = params.load(*PARAMS)
    study = study_checks.read(config, utterances=UTTERANCES, partitions=PARTITIONS, balanced=BALANCED, models=MODELS)
    report = study_checks.report(study, config["partition"])
    files.write_json(REPORT, report)  # before anything fails: the reasons must not be lost
    print(findings.as_text(report))
    findings.check(report)


if __name__ == "__main__":
    run(main)
