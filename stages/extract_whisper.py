"""Extract the encoding of every utterance by a frozen encoder of Whisper, if the model takes it."""

from pathlib import Path

from ser.core import files, formats, params_file, tables
from ser.core.stage import run
from ser.features.encoders.whisper import REPRESENTATION
from ser.representation import writing

PARAMS = ("corpus.root", "augmentation", "whisper", "tables.format")
AVAILABILITY = Path("data/whisper_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/whisper_extracted_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    features = formats.in_format(FEATURES, config["tables.format"])
    if not files.read_json(AVAILABILITY)["wanted"]:
        print(
            "no model takes Whisper's features; extract them with -S model.representation=whisper or -S"
            " whisper.required=true"
        )
        tables.write_unavailable(features)
        return
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
