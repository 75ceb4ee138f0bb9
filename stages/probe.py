"""Say what is studied, check that the corpus is there, and probe whether YAMNet can be had."""

from pathlib import Path

from ser import files, params
from ser.features import hub
from stages import run

PARAMS = ("corpus", "partition", "model", "yamnet")
CORPUS_ROOT = Path("data/corpus_root.json")
AVAILABILITY = Path("data/yamnet_availability.json")


def main() -> None:
    config = params.load(*PARAMS)
    corpus, yamnet = config["corpus"], config["yamnet"]
    print(f"corpus {corpus['name']}, partition {config['partition']['name']}, model {config['model']['name']}")
    check_root(corpus["root"])
    available = hub.is_cached(yamnet["handle"]) or hub.is_reachable(yamnet["handle"])
    needed = yamnet["required"] or "yamnet" in config["model"]["representation"]
    if needed and not available:
        raise ValueError(hub.remedy(yamnet["handle"]))
    links = files.linked_folders(Path(corpus["root"]))  # DVC sees the links, not what they lead to
    files.write_json(CORPUS_ROOT, {"root": corpus["root"], "links": links})
    finding = {"available": available, "failed_downloads": hub.failed_downloads(yamnet["handle"])}
    files.write_json(AVAILABILITY, {"handle": yamnet["handle"], **finding})


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
