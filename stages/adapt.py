"""Standardise each feature over the utterances of each speaker, if the study is transductive."""

from pathlib import Path

from ser.core import formats, params_file, tables
from ser.core.stage import run
from ser.protocol import adaptation

PARAMS = ("adaptation", "paths.extracted", "tables.format")
UTTERANCES = Path("data/utterances.csv")
ADAPTED = Path("data/adapted_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    adapted = formats.in_format(ADAPTED, config["tables.format"])
    if config["adaptation"]["name"] == adaptation.NONE:
        print("no adaptation is chosen; choose one with -S adaptation=speaker")
        tables.write_unavailable(adapted)
        return
    features = tables.read_features(Path(config["paths.extracted"]))
    utterances = tables.read_utterances(UTTERANCES)
    tables.write(adaptation.standardised_by_speaker(features, utterances), adapted)


if __name__ == "__main__":
    run(main)
