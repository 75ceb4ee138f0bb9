"""Extract the spectra that YAMNet's network takes, around the speech of every utterance, into one array."""

from pathlib import Path

from ser.core import params_file, tables
from ser.core.stage import run
from ser.features.yamnet.yamnet_bands import REPRESENTATION
from ser.representation import writing

PARAMS = ("corpus.root", "augmentation", "yamnet_bands")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/yamnet_bands")


def main() -> None:
    config = params_file.load(*PARAMS)
    writing.write(
        REPRESENTATION,
        config["yamnet_bands"],
        FEATURES,
        utterances=tables.read_utterances(UTTERANCES),
        root=Path(config["corpus.root"]),
        augmentation=config["augmentation"],
        description="extract_yamnet_bands",
    )


if __name__ == "__main__":
    run(main)
