"""Extract frame-wise descriptors of every utterance into one array."""

from pathlib import Path

from ser.core import params_file, tables
from ser.core.stage import run
from ser.features.spectral.frames import REPRESENTATION
from ser.representation import writing

PARAMS = ("corpus.root", "augmentation", "frames")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/frames")


def main() -> None:
    config = params_file.load(*PARAMS)
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
