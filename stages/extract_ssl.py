"""Extract what a frozen speech encoder makes of every utterance, where the model asks for it."""

from functools import partial
from pathlib import Path

from ser.core import files, formats, params, tables
from ser.core.stage import run
from ser.features.encoders import network, ssl
from ser.representation import tabular

PARAMS = ("corpus.root", "augmentation", "ssl", "tables.format")
AVAILABILITY = Path("data/ssl_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/ssl_extracted_features.csv")


def main() -> None:
    config = params.load(*PARAMS)
    features = formats.in_format(FEATURES, config["tables.format"])
    if not files.read_json(AVAILABILITY)["wanted"]:
        print("no speech encoder is asked for: model.representation=ssl or ssl.required=true would")
        tables.write_unavailable(features)
        return
    settings = {key: value for key, value in config["ssl"].items() if key != "required"}
    ssl.loaded(settings["model"], settings["revision"])  # once for all threads
    utterances = tables.read_utterances(UTTERANCES)
    rows = tabular.feature_rows(
        utterances,
        Path(config["corpus.root"]),
        partial(ssl.encodings_of, **settings),
        augmentation=config["augmentation"],
        description="extract_ssl",
        threads=True,  # which share the network; each process would have its own
        libraries=network.LIBRARIES,
    )
    tables.write_parts(rows, features)


if __name__ == "__main__":
    run(main)
