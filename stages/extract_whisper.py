"""Extract the encoding of every utterance by a frozen encoder of Whisper, if the model takes it."""

from pathlib import Path

from ser.core import params_file, unavailable
from ser.core.stage import run
from ser.core.table_suffixes import in_format

PARAMS = ("corpus.root", "augmentation", "whisper", "tables.format")
AVAILABILITY = Path("data/whisper_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/whisper_extracted_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    features = in_format(FEATURES, config["tables.format"])
    if not unavailable.is_asked_for(
        AVAILABILITY, features, what="Whisper's features", setting="model.representation=whisper"
    ):
        return
    # Imported here, because a run that only marks the output would wait for these most of its time.
    from ser.core import tables
    from ser.features.encoders.whisper import REPRESENTATION
    from ser.representation import writing

    writing.write(
        REPRESENTATION,
        config["whisper"],
        features,
        utterances=tables.read_utterances(UTTERANCES),
        root=Path(config["corpus.root"]),
        augmentation=config["augmentation"],
        description="extract_whisper",
    )


if __name__ == "__main__":
    run(main)
