"""Extract the mel spectrogram of every utterance into one array."""

from pathlib import Path

from ser.core import params_file, tables
from ser.core.stage import run
from ser.features.spectral.log_mel import REPRESENTATION
from ser.representation import writing

PARAMS = ("corpus.root", "augmentation", "log_mel")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/log_mel")


def main() -> None:
    config = params_file.load(*PARAMS)
    writing.write(
        REPRESENTATION,
        config["log_mel"],
        FEATURES,
        utterances=tables.read_utterances(UTTERANCES),
        root=Path(config["corpus.root"]),
        augmentation=config["augmentation"],
        description="extract_log_mel",
    )


if __name__ == "__main__":
    run(main)
