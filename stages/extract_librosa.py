"""Extract functionals of librosa descriptors from every utterance."""

from pathlib import Path

from ser.core import params_file, tables
from ser.core.stage import run
from ser.core.table_suffixes import in_format
from ser.features.spectral.librosa import REPRESENTATION
from ser.representation import writing

PARAMS = ("corpus.root", "augmentation", "librosa", "tables.format")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/librosa_extracted_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    writing.write(
        REPRESENTATION,
        config["librosa"],
        in_format(FEATURES, config["tables.format"]),
        utterances=tables.read_utterances(UTTERANCES),
        root=Path(config["corpus.root"]),
        augmentation=config["augmentation"],
        description="extract_librosa",
    )


if __name__ == "__main__":
    run(main)
