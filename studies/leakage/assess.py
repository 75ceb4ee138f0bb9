"""Partition, balance, train and predict by one protocol, whether it leaks or not."""

import sys
from functools import partial
from pathlib import Path

import pandas as pd

from ser import params
from ser.core import files, tables
from ser.models.prediction import rounded
from ser.representation import reading
from ser.representation.reading import Representation
from stages import evaluate, run, train
from studies.leakage import MODELS, PREDICTIONS, PROTOCOLS, TABLES, protocols

PARAMS = ("balance", "model", "representation", "training", "seed")
UTTERANCES = Path("data/utterances.csv")


def main(protocol: str) -> None:
    config = params.load(*PARAMS)
    utterances = tables.read_utterances(UTTERANCES)
    features = reading.read(Path(config["representation"]["path"]))
    if features.array is not None:
        raise ValueError(
            f"SMOTE needs a feature table, and {config['representation']['name']} is an array; compose the study's"
            " params.yaml with model.representation=librosa, yamnet, yamnet_librosa, ssl or opensmile"
        )
    found = protocols.arranged(protocol, utterances, features.rows, balance=config["balance"], seed=config["seed"])
    with files.replacing(PROTOCOLS / protocol) as folder:
        write(found, folder)
        models, curves = folder / MODELS, folder / train.LEARNING_CURVES.name
        known = Representation(found.features)
        arguments = (found.balanced, known, found.partitions, found.utterances, config, models)
        train.train(*arguments, curves=curves, run=f"leakage/{protocol}")
        predictions = predicted(found, known, models)
    tables.write(rounded(predictions), PREDICTIONS / f"{protocol}.csv")


def write(found: protocols.Arrangement, folder: Path) -> None:
    """Write the tables of a protocol."""
    folder.mkdir()
    for name, table in (
        ("utterances", found.utterances),
        ("features", found.features),
        ("partitions", found.partitions),
    ):
        tables.write(table, folder / TABLES[name])
    tables.write_balanced(found.balanced, folder / TABLES["balanced"])


def predicted(found: protocols.Arrangement, features: Representation, models: Path) -> pd.DataFrame:
    """Test predictions, by the stages' own functions, and those of made rows that a leaky protocol tests."""
    tested = found.partitions[found.partitions["partition"] == "test"]
    predictions = evaluate.predicted(tested, found.utterances, features, models)
    if found.made.empty:
        return predictions
    made = protocols.leaky_predictions(found.made, found.utterances, models)
    return evaluate.in_order(pd.concat([predictions, made]))


if __name__ == "__main__":
    run(partial(main, sys.argv[1]))
