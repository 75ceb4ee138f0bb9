"""Join the YAMNet and the librosa features, one row an utterance."""

from pathlib import Path

from ser import tables
from ser.features import tabular
from stages import run

PARAMS = ()
YAMNET = Path("data/yamnet_extracted_features.csv")
LIBROSA = Path("data/librosa_extracted_features.csv")
COMBINED = Path("data/yamnet_librosa_features.csv")


def main() -> None:
    yamnet = tables.read_features_or_unavailable(YAMNET)
    if tables.is_unavailable(yamnet):
        print("the combined features are marked unavailable, as YAMNet's are")
        tables.write_unavailable(COMBINED)
        return
    tables.write(tabular.combined(yamnet, tables.read_features(LIBROSA)), COMBINED)


if __name__ == "__main__":
    run(main)
