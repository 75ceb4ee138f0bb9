"""Extract frame-wise descriptors of every utterance into one array, if the model takes them."""

from pathlib import Path

from ser.core import params_file, unavailable
from ser.core.stage import run

PARAMS = ("corpus.root", "augmentation", "frames")
AVAILABILITY = Path("data/frames_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/frames")


def main() -> None:
    config = params_file.load(*PARAMS)
    if not unavailable.is_asked_for(AVAILABILITY, FEATURES, what="frame-wise descriptors", setting="model=conv_bilstm"):
        return
    # Imported here, because a run that only marks the output would wait for these most of its time.
    from ser.core import tables
    from ser.features.spectral.frames import REPRESENTATION
    from ser.representation import writing

    writing.write(
        REPRESENTATION,
        config["frames"],
        FEATURES,
        utterances=tables.read_utterances(UTTERANCES),
        root=Path(config["corpus.root"]),
        augmentation=config["augmentation"],
        description="extract_frames",
    )


if __name__ == "__main__":
    run(main)
