"""Extract YAMNet's embedding of every utterance, or mark it unavailable."""

from functools import partial
from pathlib import Path

from ser.core import files, formats, params, tables
from ser.core.stage import run
from ser.features.yamnet import embedding, hub
from ser.representation import tabular

PARAMS = ("corpus.root", "augmentation", "yamnet", "tables.format")
AVAILABILITY = Path("data/yamnet_availability.json")
UTTERANCES = Path("data/utterances.csv")
FEATURES = Path("data/yamnet_extracted_features.csv")
LIBRARIES = ("ai-edge-litert", "tensorflow")  # which convert the network, and run it


def main() -> None:
    config = params.load(*PARAMS)
    features = formats.in_format(FEATURES, config["tables.format"])
    handle, max_duration = config["yamnet"]["handle"], config["yamnet"]["max_duration"]
    try:
        check(files.read_json(AVAILABILITY)["available"], handle)
    except embedding.Unavailable as error:
        if config["yamnet"]["required"]:
            raise
        print(f"warning: YAMNet features are marked unavailable: {error}")
        tables.write_unavailable(features)
        return
    utterances = tables.read_utterances(UTTERANCES)
    extractor = partial(embedding.embeddings_of, handle=handle, max_duration=max_duration)
    rows = tabular.feature_rows(
        utterances,
        Path(config["corpus.root"]),
        extractor,
        augmentation=config["augmentation"],
        description="extract_yamnet",
        libraries=LIBRARIES,
    )
    tables.write_parts(rows, features)


def check(available: bool, handle: str) -> None:
    """Raise `yamnet.Unavailable` if the network cannot be loaded, at once if the probe found nothing to load."""
    if not available:
        raise embedding.Unavailable(hub.remedy(handle))
    try:
        embedding.loaded(handle)
    except embedding.Unavailable:
        hub.record_failed_download(handle)
        raise


if __name__ == "__main__":
    run(main)
