"""Standardise each feature over the utterances of each speaker, if the study is transductive."""

from pathlib import Path

from ser.core import params_file, unavailable
from ser.core.stage import run
from ser.core.table_suffixes import in_format
from ser.protocol import adaptation_checks

PARAMS = ("adaptation", "paths.extracted", "tables.format")
UTTERANCES = Path("data/utterances.csv")
ADAPTED = Path("data/adapted_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    adapted = in_format(ADAPTED, config["tables.format"])
    if config["adaptation"]["name"] == adaptation_checks.NO_ADAPTATION:
        print("no adaptation is chosen; choose one with -S adaptation=speaker")
        unavailable.write(adapted)
        return
    from ser.core import tables
    from ser.protocol import adaptation

    features = tables.read_features(Path(config["paths.extracted"]))
    utterances = tables.read_utterances(UTTERANCES)
    tables.write(adaptation.standardised_by_speaker(features, utterances), adapted)


if __name__ == "__main__":
    run(main)
