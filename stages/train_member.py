"""Train one member of an ensemble on its own representation, and predict dev and test with it."""

from functools import partial
from pathlib import Path

from ser.core import files, params_file, tables
from ser.core.stage import run_item
from ser.models import ensembles
from ser.models.settings import Settings
from ser.protocol import balancing, consistency
from ser.representation import reading
from ser.study import Study, predictions_of_rows, saved_model, write_models

PARAMS = ("members.${key}", "seed")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
MEMBERS = Path("data/members")


def main(member: str) -> None:
    config = params_file.load(*PARAMS, key=member)
    config = {**config.pop(f"members.{member}"), **config}
    utterances = tables.read_utterances(UTTERANCES)
    partitions = tables.read_partitions(PARTITIONS)
    features = reading.read(Path(config["representation"]["path"]))
    consistency.check(utterances, partitions, features.rows)
    balanced = balancing.balanced_folds(features.rows, partitions, balance=config["balance"], seed=config["seed"])
    consistency.check_balanced(balanced, partitions)
    study = Study(utterances, partitions, features, balanced, Settings.of(config))
    rows = partitions[partitions["partition"].isin(["dev", "test"])]
    with files.replacing(MEMBERS / member) as folder:
        models = folder / "models"
        write_models(study, models, curves=folder / "learning_curves", run=f"members/{member}")
        predictions = predictions_of_rows(rows, utterances, features, partial(saved_model, models))
        tables.write(predictions, folder / ensembles.PREDICTIONS)


if __name__ == "__main__":
    run_item(main)
