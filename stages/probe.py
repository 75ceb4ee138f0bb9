"""Check the settings, print corpus, partition and model, and find out if the corpus and the networks are there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser.core import files, lock_file, params_file
from ser.core.stage import run
from ser.features import availability
from ser.features.yamnet import hub
from ser.ingest import corpus_root
from ser.protocol import adaptation_checks
from ser.sections import checking

STUDY = ("corpus", "partition", "model", "members", "representation", "adaptation", "paths.extracted", "extract")
PARAMS = (*STUDY, "yamnet", "ssl", "whisper", "whisper_states")
CORPUS_ROOT = Path("data/corpus_root.json")
YAMNET = Path("data/yamnet_availability.json")
SSL = Path("data/ssl_availability.json")
WHISPER = Path("data/whisper_availability.json")
WHISPER_STATES = Path("data/whisper_states_availability.json")
OPENSMILE = Path("data/opensmile_availability.json")
LOG_MEL = Path("data/log_mel_availability.json")
FRAMES = Path("data/frames_availability.json")
YAMNET_BANDS = Path("data/yamnet_bands_availability.json")
YAMNET_LIBROSA = Path("data/yamnet_librosa_availability.json")
WANTED = (SSL, WHISPER, WHISPER_STATES, OPENSMILE, LOG_MEL, FRAMES, YAMNET_BANDS, YAMNET_LIBROSA)


def main() -> None:
    lock_file.keep()
    checking.check(params_file.everything())
    config = params_file.load(*PARAMS)
    handle = config["yamnet"]["handle"]
    print(announcement(config))
    adaptation_checks.check(config)
    corpus_root.prepare(config["corpus"])
    needed = availability.needed(config)
    available = availability.has_yamnet(needed, config["yamnet"])
    availability.check(needed, config)
    files_of = {path.stem.removesuffix("_availability"): path for path in WANTED}
    wanted = needed | availability.others(files_of.keys() - needed, config)
    files.write_json(CORPUS_ROOT, corpus_root.state(config["corpus"]))
    downloads = hub.failed_downloads(handle)
    files.write_json(YAMNET, {"handle": handle, "available": available, "failed_downloads": downloads})
    for name, path in files_of.items():
        files.write_json(path, availability.state(name, name in wanted, config))


def announcement(config: Mapping[str, Any]) -> str:
    """Line that names corpus, partition and model."""
    *chosen, adaptation = (f"{key} {config[key]['name']}" for key in ("corpus", "partition", "model", "adaptation"))
    is_adapted = config["adaptation"]["name"] != adaptation_checks.NO_ADAPTATION
    return ", ".join([*chosen, f"{adaptation} (transductive)"] if is_adapted else chosen)


if __name__ == "__main__":
    run(main)
