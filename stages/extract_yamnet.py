"""Extract YAMNet's embedding of every utterance, or mark it unavailable."""

from pathlib import Path

from ser.core import files, params_file, tables, unavailable
from ser.core.stage import run
from ser.core.table_suffixes import in_format
from ser.features.yamnet import hub, yamnet
from ser.representation import writing

PARAMS = ("corpus.root", "augmentation", "yamnet", "tables.format")
AVAILABILITY = Path("data/yamnet_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/yamnet_extracted_features.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    features = in_format(FEATURES, config["tables.format"])
    available = files.read_json(AVAILABILITY)["available"]
    try:
        check(available, config["yamnet"]["handle"])
    except yamnet.Unavailable as error:
        if config["yamnet"]["required"]:
            raise
        if available:
            print(f"warning: YAMNet features are marked unavailable: {error}")
        else:
            print("YAMNet features cannot be made here; the warning of the stage probe has the remedy")
        unavailable.write(features)
        return
    writing.write(
        yamnet.REPRESENTATION,
        config["yamnet"],
        features,
        utterances=tables.read_utterances(UTTERANCES),
        root=Path(config["corpus.root"]),
        augmentation=config["augmentation"],
        description="extract_yamnet",
    )


def check(available: bool, handle: str) -> None:
    """Raise `yamnet.Unavailable` if the network cannot be loaded, at once if the probe found no network."""
    if not available:
        raise yamnet.Unavailable(hub.remedy(handle))
    try:
        yamnet.loaded(handle)
    except yamnet.Unavailable:
        hub.record_failed_download(handle)
        raise


if __name__ == "__main__":
    run(main)
