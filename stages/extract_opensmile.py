"""Extract openSMILE's functionals of every utterance, if the model takes them."""

from pathlib import Path

from ser.core import params_file, unavailable
from ser.core.stage import run
from ser.core.table_suffixes import in_format

PARAMS = ("corpus.root", "augmentation", "opensmile", "tables.format")
AVAILABILITY = Path("data/opensmile_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/opensmile_extracted_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    features = in_format(FEATURES, config["tables.format"])
    if not unavailable.is_asked_for(
        AVAILABILITY, features, what="openSMILE's features", setting="model.representation=opensmile"
    ):
        return
    # Imported here, because a run that only marks the output would wait for these most of its time.
    from ser.core import tables
    from ser.features.opensmile import REPRESENTATION
    from ser.representation import writing

    writing.write(
        REPRESENTATION,
        config["opensmile"],
        features,
        utterances=tables.read_utterances(UTTERANCES),
        root=Path(config["corpus.root"]),
        augmentation=config["augmentation"],
        description="extract_opensmile",
    )


if __name__ == "__main__":
    run(main)
