"""Extract the representation that a file of conf/features adds, or mark it unavailable."""

from pathlib import Path

from ser.core import params_file, unavailable
from ser.core.stage import run

PARAMS = ("corpus.root", "augmentation", "features")
UTTERANCES = Path("data/utterances.csv")
NONE = "none"


def main() -> None:
    config = params_file.load(*PARAMS)
    name, path = config["features"]["name"], Path(config["features"]["path"])
    if name == NONE:
        print("no added representation is chosen; choose one with -S features=<a file of conf/features>")
        unavailable.write(path)
        return
    from ser.core import tables
    from ser.representation import registry, writing

    writing.write(
        registry.definition(name),
        config["features"]["settings"],
        path,
        utterances=tables.read_utterances(UTTERANCES),
        root=Path(config["corpus.root"]),
        augmentation=config["augmentation"],
        description=f"extract {name}",
    )


if __name__ == "__main__":
    run(main)
