"""Extract the encoding of every utterance by a frozen speech encoder, if the model takes it."""

from pathlib import Path

from ser.core import files, formats, params_file, tables
from ser.core.stage import run
from ser.features.encoders.ssl import REPRESENTATION
from ser.representation import writing

PARAMS = ("corpus.root", "augmentation", "ssl", "tables.format")
AVAILABILITY = Path("data/ssl_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/ssl_extracted_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    features = formats.in_format(FEATURES, config["tables.format"])
    if not files.read_json(AVAILABILITY)["wanted"]:
        print(
            "no model takes a speech encoder's features; extract them with -S model.representation=ssl or -S"
            " ssl.required=true"
        )
        tables.write_unavailable(features)
        return
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
