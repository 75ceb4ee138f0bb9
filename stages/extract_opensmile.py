"""Extract openSMILE's functionals of every utterance, where the model asks for them."""

from functools import partial
from pathlib import Path

from ser.core import files, formats, params, tables
from ser.core.stage import run
from ser.features import opensmile
from ser.representation import tabular
from ser.representation.extraction import one_by_one

PARAMS = ("corpus.root", "augmentation", "opensmile", "tables.format")
AVAILABILITY = Path("data/opensmile_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/opensmile_extracted_features.csv")


def main() -> None:
    config = params.load(*PARAMS)
    features = formats.in_format(FEATURES, config["tables.format"])
    if not files.read_json(AVAILABILITY)["wanted"]:
        print("openSMILE is not asked for: model.representation=opensmile would")
        tables.write_unavailable(features)
        return
    opensmile.check_installed()
    extractor = one_by_one(partial(opensmile.functionals, **config["opensmile"]))
    utterances = tables.read_utterances(UTTERANCES)
    rows = tabular.feature_rows(
        utterances,
        Path(config["corpus.root"]),
        extractor,
        augmentation=config["augmentation"],
        description="extract_opensmile",
        libraries=opensmile.LIBRARIES,
    )
    tables.write_parts(rows, features)


if __name__ == "__main__":
    run(main)
