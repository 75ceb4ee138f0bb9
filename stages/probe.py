"""Check the settings, print corpus, partition and model, and find out if the corpus and the networks are there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser.core import files, lock_file, params_file
from ser.core.stage import run
from ser.features import availability
from ser.features.yamnet import hub
from ser.ingest import corpus_root
from ser.protocol import adaptation_choice
from ser.sections import checking

PARAMS = (
    *("corpus", "partition", "model", "members", "representation", "adaptation", "paths.extracted"),
    *("yamnet", "ssl", "whisper", "whisper_states"),
)
CORPUS_ROOT = Path("data/corpus_root.json")
AVAILABILITY = Path("data/yamnet_availability.json")
ENCODER = Path("data/ssl_availability.json")
WHISPER = Path("data/whisper_availability.json")
WHISPER_STATES = Path("data/whisper_states_availability.json")
OPENSMILE = Path("data/opensmile_availability.json")


def main() -> None:
    lock_file.keep()
    checking.check(params_file.everything())
    config = params_file.load(*PARAMS)
    yamnet = config["yamnet"]
    print(announcement(config))
    adaptation_choice.check(config)
    corpus_root.prepare(config["corpus"])
    available = hub.is_cached(yamnet["handle"]) or hub.is_reachable(yamnet["handle"])
    taken = {one["representation"] for one in (config["model"], *(one["model"] for one in config["members"].values()))}
    if not available and (yamnet["required"] or any("yamnet" in name for name in taken)):
        raise ValueError(hub.remedy(yamnet["handle"]))
    taken |= {name for name in ("ssl", "whisper") if config[name]["required"]}
    availability.check(taken, config)
    files.write_json(CORPUS_ROOT, corpus_root.finding(config["corpus"]))
    finding = {"available": available, "failed_downloads": hub.failed_downloads(yamnet["handle"])}
    files.write_json(AVAILABILITY, {"handle": yamnet["handle"], **finding})
    files_of = {"ssl": ENCODER, "whisper": WHISPER, "whisper_states": WHISPER_STATES, "opensmile": OPENSMILE}
    for name, path in files_of.items():
        files.write_json(path, {"wanted": name in taken})


def announcement(config: Mapping[str, Any]) -> str:
    """Line that names corpus, partition and model."""
    chosen = [f"{key} {config[key]['name']}" for key in ("corpus", "partition", "model", "adaptation")]
    chosen[3:] = [] if config["adaptation"]["name"] == adaptation_choice.NONE else [f"{chosen[3]} (transductive)"]
    return ", ".join(chosen)


if __name__ == "__main__":
    run(main)
