"""Extract the states of a frozen layer of Whisper for every utterance into one array, if the model takes them."""

from pathlib import Path

from ser.core import files, params_file, tables
from ser.core.stage import run
from ser.features.encoders.whisper_states import REPRESENTATION
from ser.representation import arrays, writing

PARAMS = ("corpus.root", "augmentation", "whisper_states")
AVAILABILITY = Path("data/whisper_states_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/whisper_states")


def main() -> None:
    config = params_file.load(*PARAMS)
    if not files.read_json(AVAILABILITY)["wanted"]:
        print("no model takes Whisper's states; extract them with -S model=tuned_whisper")
        arrays.write_unavailable(FEATURES)
        return
    writing.write(
        REPRESENTATION,
        config["whisper_states"],
        FEATURES,
        utterances=tables.read_utterances(UTTERANCES),
        root=Path(config["corpus.root"]),
        augmentation=config["augmentation"],
        description="extract_whisper_states",
    )


if __name__ == "__main__":
    run(main)
