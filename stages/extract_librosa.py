"""Extract functionals of librosa descriptors from every utterance."""

from functools import partial
from pathlib import Path

from ser import formats, params, tables
from ser.features import tabular
from ser.features.extraction import one_by_one
from ser.features.functionals import functionals
from stages import run

PARAMS = ("corpus.root", "augmentation", "librosa", "tables.format")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/librosa_extracted_features.csv")


def main() -> None:
    config = params.load(*PARAMS)
    utterances = tables.read_utterances(UTTERANCES)
    extractor = one_by_one(partial(functionals, **config["librosa"]))
    rows = tabular.feature_rows(
        utterances,
        Path(config["corpus.root"]),
        extractor,
        augmentation=config["augmentation"],
        description="extract_librosa",
    )
    tables.write_parts(rows, formats.in_format(FEATURES, config["tables.format"]))


if __name__ == "__main__":
    run(main)
