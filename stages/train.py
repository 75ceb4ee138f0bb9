"""Train one model per fold on the balanced training partition."""

from pathlib import Path

from ser.core import params_file, tables
from ser.core.stage import run
from ser.core.table_suffixes import in_format
from ser.models import ENSEMBLE, ensembles, learning_curves
from ser.models.settings import Settings
from ser.protocol import consistency
from ser.representation import reading
from ser.study import Study, write_models

PARAMS = ("model", "training", "representation", "members", "model_input", "seed", "tables.format")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
BALANCED = Path("data/balanced_dataset.csv")
MODELS = Path("models")
LEARNING_CURVES = Path("reports/learning_curves")


def main() -> None:
    config = params_file.load(*PARAMS)
    source = Path(config["model_input"])
    if config["model"]["name"] == ENSEMBLE:
        ensembles.write_folds(source, config, MODELS)
        learning_curves.write_none(LEARNING_CURVES, ENSEMBLE)
        return
    study = Study(
        utterances=tables.read_utterances(UTTERANCES),
        partitions=tables.read_partitions(PARTITIONS),
        features=reading.read(source),
        balanced=tables.read_balanced(in_format(BALANCED, config["tables.format"])),
        settings=Settings.of(config),
    )
    consistency.check(study.utterances, study.partitions, study.features.rows)
    consistency.check_balanced(study.balanced, study.partitions)
    write_models(study, MODELS, curves=LEARNING_CURVES, run=MODELS.name)


if __name__ == "__main__":
    run(main)
