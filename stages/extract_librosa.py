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
    with tables.writing(formats.in_format(FEATURES, config["tables.format"])) as write:
        for rows in tabular.feature_rows(
            utterances,
            Path(config["corpus.root"]),
            extractor,
            augmentation=config["augmentation"],
            description="extract_librosa",
        ):
            write(rows)


if __name__ == "__main__":
    run(main)
