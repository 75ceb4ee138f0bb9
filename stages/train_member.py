"""Train one member of an ensemble on its own representation, and predict dev and test with it."""

import sys
from functools import partial
from pathlib import Path

from ser import params
from ser.core import files, tables
from ser.models import ensembles
from ser.representation import reading
from stages import balance, evaluate, run, train

PARAMS = ("members.${key}", "seed")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
MEMBERS = Path("data/members")


def main(member: str) -> None:
    config = params.load(*PARAMS, key=member)
    config = {**config.pop(f"members.{member}"), **config}
    utterances = tables.read_utterances(UTTERANCES)
    partitions = tables.read_partitions(PARTITIONS)
    features = reading.read(Path(config["representation"]["path"]))
    balanced = balance.balanced(features.rows, partitions, config)
    with files.replacing(MEMBERS / member) as folder:
        models, curves = folder / train.MODELS, folder / train.LEARNING_CURVES.name
        train.train(balanced, features, partitions, utterances, config, models, curves=curves, run=f"members/{member}")
        rows = partitions[partitions["partition"].isin(["dev", "test"])]
        tables.write(evaluate.predicted(rows, utterances, features, models), folder / ensembles.PREDICTIONS)


if __name__ == "__main__":
    run(partial(main, sys.argv[1]))
