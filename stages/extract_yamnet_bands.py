"""Extract the spectra that YAMNet's network takes, around the speech of every utterance, if the model does."""

from pathlib import Path

from ser.core import params_file, unavailable
from ser.core.stage import run

PARAMS = ("corpus.root", "augmentation", "yamnet_bands")
AVAILABILITY = Path("data/yamnet_bands_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/yamnet_bands")


def main() -> None:
    config = params_file.load(*PARAMS)
    if not unavailable.is_asked_for(AVAILABILITY, FEATURES, what="YAMNet's spectra", setting="model=tuned_yamnet"):
        return
    # Imported here, because a run that only marks the output would wait for these most of its time.
    from ser.core import tables
    from ser.features.yamnet.yamnet_bands import REPRESENTATION
    from ser.representation import writing

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
