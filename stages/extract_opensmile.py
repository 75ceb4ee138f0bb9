"""Extract openSMILE's functionals of every utterance, if the model takes them."""

from pathlib import Path

from ser.core import files, formats, params_file, tables
from ser.core.stage import run
from ser.features.opensmile import REPRESENTATION
from ser.representation import writing

PARAMS = ("corpus.root", "augmentation", "opensmile", "tables.format")
AVAILABILITY = Path("data/opensmile_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/opensmile_extracted_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    features = formats.in_format(FEATURES, config["tables.format"])
    if not files.read_json(AVAILABILITY)["wanted"]:
        print("no model takes openSMILE's features; extract them with -S model.representation=opensmile")
        tables.write_unavailable(features)
        return
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
