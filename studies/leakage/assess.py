"""Partition, balance, train and predict by one protocol, whether it leaks or not."""

import sys
from functools import partial
from pathlib import Path

import pandas as pd

from ser import files, leaky, params, tables
from ser.features import representation
from ser.features.representation import Representation
from ser.prediction import rounded
from stages import evaluate, run, train
from studies.leakage import MODELS, PREDICTIONS, PROTOCOLS, TABLES

PARAMS = ("balance", "model", "representation", "training", "seed")
UTTERANCES = Path("data/utterances.csv")


def main(protocol: str) -> None:
    config = params.load(*PARAMS)
    utterances = tables.read_utterances(UTTERANCES)
    features = representation.read(Path(config["representation"]["path"]))
    if features.array is not None:
        raise ValueError(
            f"SMOTE needs a feature table, and {config['representation']['name']} is an array; compose the study's"
            " params.yaml with model.representation=librosa, yamnet, yamnet_librosa, ssl or opensmile"
        )
    found = leaky.arranged(protocol, utterances, features.rows, balance=config["balance"], seed=config["seed"])
    with files.replacing(PROTOCOLS / protocol) as folder:
        write(found, folder)
        models, curves = folder / MODELS, folder / train.LEARNING_CURVES.name
        known = Representation(found.features)
        arguments = (found.balanced, known, found.partitions, found.utterances, config, models)
        train.train(*arguments, curves=curves, run=f"leakage/{protocol}")
        predictions = predicted(found, known, models)
    tables.write(rounded(predictions), PREDICTIONS / f"{protocol}.csv")


def write(found: leaky.Arrangement, folder: Path) -> None:
    """Write the tables of a protocol."""
    folder.mkdir()
    for name, table in (
        ("utterances", found.utterances),
        ("features", found.features),
        ("partitions", found.partitions),
    ):
        tables.write(table, folder / TABLES[name])
    tables.write_balanced(found.balanced, folder / TABLES["balanced"])


def predicted(found: leaky.Arrangement, features: Representation, models: Path) -> pd.DataFrame:
    """Test predictions, by the stages' own functions, and those of made rows that a leaky protocol tests."""
    tested = found.partitions[found.partitions["partition"] == "test"]
    predictions = evaluate.predicted(tested, found.utterances, features, models)
    if found.made.empty:
        return predictions
    made = leaky.leaky_predictions(found.made, found.utterances, models)
    return evaluate.in_order(pd.concat([predictions, made]))


if __name__ == "__main__":
    run(partial(main, sys.argv[1]))
