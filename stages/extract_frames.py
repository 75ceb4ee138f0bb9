"""Extract frame-wise descriptors of every utterance into one array."""

from functools import partial
from pathlib import Path

from ser.core import params, tables
from ser.core.stage import run
from ser.features.spectral.frames import frames
from ser.representation import arrays
from ser.representation.extraction import extracted, one_by_one, rows_of_variants

PARAMS = ("corpus.root", "augmentation", "frames")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/frames")


def main() -> None:
    config = params.load(*PARAMS)
    utterances = tables.read_utterances(UTTERANCES)
    extractor = one_by_one(partial(frames, **config["frames"]))
    values = extracted(
        utterances,
        Path(config["corpus.root"]),
        extractor,
        augmentation=config["augmentation"],
        description="extract_frames",
    )
    arrays.write(FEATURES, rows_of_variants(utterances, config["augmentation"]), values)


if __name__ == "__main__":
    run(main)
