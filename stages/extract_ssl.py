"""Extract the encoding of every utterance by a frozen speech encoder, if the model takes it."""

from pathlib import Path

from ser.core import params_file, unavailable
from ser.core.stage import run
from ser.core.table_suffixes import in_format

PARAMS = ("corpus.root", "augmentation", "ssl", "tables.format")
AVAILABILITY = Path("data/ssl_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/ssl_extracted_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    features = in_format(FEATURES, config["tables.format"])
    if not unavailable.is_asked_for(
        AVAILABILITY, features, what="a speech encoder's features", setting="model.representation=ssl"
    ):
        return
    # Imported here, because a run that only marks the output would wait for these most of its time.
    from ser.core import tables
    from ser.features.encoders.ssl import REPRESENTATION
    from ser.representation import writing

    writing.write(
        REPRESENTATION,
        config["ssl"],
        features,
        utterances=tables.read_utterances(UTTERANCES),
        root=Path(config["corpus.root"]),
        augmentation=config["augmentation"],
        description="extract_ssl",
    )


if __name__ == "__main__":
    run(main)
