"""Extract the spectra that YAMNet's network hears around the speech of every utterance into one array."""

from functools import partial
from pathlib import Path

from ser.core import params, tables
from ser.core.stage import run
from ser.features.yamnet.bands import yamnet_bands
from ser.representation import arrays
from ser.representation.extraction import extracted, one_by_one, rows_of_variants

PARAMS = ("corpus.root", "augmentation", "yamnet_bands")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/yamnet_bands")


def main() -> None:
    config = params.load(*PARAMS)
    utterances = tables.read_utterances(UTTERANCES)
    extractor = one_by_one(partial(yamnet_bands, **config["yamnet_bands"]))
    values = extracted(
        utterances,
        Path(config["corpus.root"]),
        extractor,
        augmentation=config["augmentation"],
        description="extract_yamnet_bands",
    )
    arrays.write(FEATURES, rows_of_variants(utterances, config["augmentation"]), values)


if __name__ == "__main__":
    run(main)
