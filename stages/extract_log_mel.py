"""Extract the mel spectrogram of every utterance into one array, if the model takes it."""

from pathlib import Path

from ser.core import params_file, unavailable
from ser.core.stage import run

PARAMS = ("corpus.root", "augmentation", "log_mel")
AVAILABILITY = Path("data/log_mel_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/log_mel")


def main() -> None:
    config = params_file.load(*PARAMS)
    if not unavailable.is_asked_for(AVAILABILITY, FEATURES, what="mel spectrograms", setting="model=cnn_lstm"):
        return
    # Imported here, because a run that only marks the output would wait for these most of its time.
    from ser.core import tables
    from ser.features.spectral.log_mel import REPRESENTATION
    from ser.representation import writing

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
