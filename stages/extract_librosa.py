"""Extract functionals of librosa descriptors from every utterance."""

from functools import partial
from pathlib import Path

from ser.core import formats, params, tables
from ser.core.stage import run
from ser.features.spectral.functionals import functionals
from ser.representation import tabular
from ser.representation.extraction import one_by_one

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
