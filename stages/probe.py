"""Say what is studied, check that the corpus is there, and probe which networks can be had."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser import params
from ser.core import files
from ser.features import opensmile
from ser.features.encoders import hugging_face
from ser.features.yamnet import hub
from stages import run

PARAMS = (
    *("corpus", "partition", "model", "members", "representation", "adaptation", "paths.extracted"),
    *("yamnet", "ssl"),
)
CORPUS_ROOT = Path("data/corpus_root.json")
AVAILABILITY = Path("data/yamnet_availability.json")
ENCODER = Path("data/ssl_availability.json")
OPENSMILE = Path("data/opensmile_availability.json")
NO_ADAPTATION = "none"


def main() -> None:
    config = params.load(*PARAMS)
    corpus, yamnet, ssl = config["corpus"], config["yamnet"], config["ssl"]
    adaptation = config["adaptation"]["name"]
    also = "" if adaptation == NO_ADAPTATION else f", adaptation {adaptation} (transductive)"
    print(f"corpus {corpus['name']}, partition {config['partition']['name']}, model {config['model']['name']}{also}")
    check_adaptation(config)
    check_root(corpus["root"])
    available = hub.is_cached(yamnet["handle"]) or hub.is_reachable(yamnet["handle"])
    taken = representations(config)
    needed = yamnet["required"] or any("yamnet" in name for name in taken)
    if needed and not available:
        raise ValueError(hub.remedy(yamnet["handle"]))
    wanted = ssl["required"] or "ssl" in taken  # else nobody waits for gigabytes, nor for hours of extraction
    if wanted:
        hugging_face.check(ssl["model"], ssl["revision"])
    if "opensmile" in taken:
        opensmile.check_installed()
    links = files.linked_folders(Path(corpus["root"]))  # DVC sees the links, not what they lead to
    files.write_json(CORPUS_ROOT, {"root": corpus["root"], "links": links})
    finding = {"available": available, "failed_downloads": hub.failed_downloads(yamnet["handle"])}
    files.write_json(AVAILABILITY, {"handle": yamnet["handle"], **finding})
    files.write_json(ENCODER, {"wanted": wanted})
    files.write_json(OPENSMILE, {"wanted": "opensmile" in taken})


def representations(config: Mapping[str, Any]) -> set[str]:
    """Those that the model takes and, of an ensemble, its members."""
    models = [config["model"], *(member["model"] for member in config["members"].values())]
    return {model["representation"] for model in models}


def check_adaptation(config: Mapping[str, Any]) -> None:
    """Raise a ValueError if what the model reads is not as `adaptation` says, or cannot be adapted."""
    name, taken = config["adaptation"]["name"], config["representation"].get("adaptation", NO_ADAPTATION)
    if name != taken:
        raise ValueError(
            f"adaptation.name is {name}, and the model reads features with the adaptation {taken}; choose a file of"
            " conf/adaptation: -S adaptation=speaker or -S adaptation=none"
        )
    if name == NO_ADAPTATION:
        return
    if config["members"]:
        raise ValueError(
            f"adaptation={name} is for a model of one feature table, and {config['model']['name']} has members, each"
            " with features of its own; choose -S adaptation=none, or one of them, as -S model=svm"
        )
    if not Path(config["paths.extracted"]).suffix:
        raise ValueError(
            f"adaptation={name} takes a feature table, and the {config['representation']['name']} of model"
            f" {config['model']['name']} are arrays; choose -S adaptation=none, or a model of tables, as -S model=svm"
        )


def check_root(root: str) -> None:
    """Raise a ValueError that says how to provide the corpus, if `root` is no folder."""
    if not Path(root).is_dir():
        raise ValueError(
            f"corpus.root {root} is not a folder; put the corpus there (`ser corpora` says what can be fetched; a"
            f" symbolic link will do: ln -s /path/to/it {root}), or name its place: -S corpus.root=/path/to/it. A"
            " queued study runs in a copy without git-ignored files: track the corpus with"
            f" `dvc add {root}`, or give an absolute root"
        )


if __name__ == "__main__":
    run(main)
