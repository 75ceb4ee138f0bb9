"""Extract the states of a frozen layer of Whisper for every utterance into one array, if the model takes them."""

from pathlib import Path

from ser.core import params_file, unavailable
from ser.core.stage import run

PARAMS = ("corpus.root", "augmentation", "whisper_states")
AVAILABILITY = Path("data/whisper_states_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/whisper_states")


def main() -> None:
    config = params_file.load(*PARAMS)
    if not unavailable.is_asked_for(AVAILABILITY, FEATURES, what="Whisper's states", setting="model=tuned_whisper"):
        return
    # Imported here, because a run that only marks the output would wait for these most of its time.
    from ser.core import tables
    from ser.features.encoders.whisper_states import REPRESENTATION
    from ser.representation import writing

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
