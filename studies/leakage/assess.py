"""Partition, balance, train and predict by one protocol, leak-free or leaky."""

from pathlib import Path

from ser.core import files, params_file, tables
from ser.core.stage import run_item
from ser.models.prediction import rounded
from ser.models.settings import Settings
from ser.protocol import consistency
from ser.representation import reading
from ser.representation.reading import Representation
from ser.study import Study, write_models
from studies.leakage import MODELS, PREDICTIONS, PROTOCOLS, TABLES, protocols

PARAMS = ("balance", "model", "representation", "training", "seed")
UTTERANCES = Path("data/utterances.csv")


def main(protocol: str) -> None:
    config = params_file.load(*PARAMS)
    utterances = tables.read_utterances(UTTERANCES)
    features = reading.read(Path(config["representation"]["path"]))
    if features.array is not None:
        raise ValueError(
            f"SMOTE needs a feature table, and {config['representation']['name']} is an array; compose the study's"
            " params.yaml with model.representation=librosa, yamnet, yamnet_librosa, whisper, ssl or opensmile"
        )
    consistency.check_features(features.rows, utterances)
    arrangement = protocols.arranged(
        protocol, utterances, features.rows, balance=config["balance"], seed=config["seed"]
    )
    with files.replacing(PROTOCOLS / protocol) as folder:
        write(arrangement, folder)
        study = Study(
            arrangement.utterances,
            arrangement.partitions,
            Representation(arrangement.features),
            arrangement.balanced,
            Settings.of(config),
        )
        write_models(study, folder / MODELS, curves=folder / "learning_curves", run=f"leakage/{protocol}")
        predictions = protocols.predicted(arrangement, study, folder / MODELS)
    tables.write(rounded(predictions), PREDICTIONS / f"{protocol}.csv")


def write(arrangement: protocols.Arrangement, folder: Path) -> None:
    """Write the tables of a protocol."""
    folder.mkdir()
    for name, table in (
        ("utterances", arrangement.utterances),
        ("features", arrangement.features),
        ("partitions", arrangement.partitions),
    ):
        tables.write(table, folder / TABLES[name])
    tables.write_balanced(arrangement.balanced, folder / TABLES["balanced"])


if __name__ == "__main__":
    run_item(main)
