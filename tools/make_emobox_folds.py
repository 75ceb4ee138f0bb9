"""Write the test folds of EmoBox, as the package has them, from a clone of its repository.

    git clone https://github.com/emo-box/EmoBox
    python -m tools.make_emobox_folds EmoBox

Each file of `ser/protocol/emobox_folds/` is a text of lines, compressed: a recording of the corpus, by the name that
its reader gives, a tab, and the number of the fold that tests it, or `dev`, or `train`.
"""

import argparse
import gzip
import json
from pathlib import Path, PurePosixPath

from ser import corpora
from ser.protocol.emobox import DEV, FOLDS, NAMES, TRAIN

ENDING = "_fold_{}.jsonl"


def roles(folder: Path, corpus: str) -> dict[str, str]:
    """Recording -> the fold that tests it, `dev` or `train`, from the folder of a corpus in EmoBox's `data`."""
    parse = corpora.corpus(corpus).parse
    found: dict[str, str] = {}
    numbers = sorted(int(path.name.removeprefix("fold_")) for path in folder.glob("fold_*"))
    for number in numbers:
        for part, role in (("train", TRAIN), ("valid", DEV), ("test", str(number))):
            file = folder / f"fold_{number}" / f"{folder.name}_{part}{ENDING.format(number)}"
            for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
                entry = json.loads(line)
                recording = parse(_path(entry)).recording
                if role != TRAIN or recording not in found:
                    found[str(recording)] = role
    return found


def _path(entry: dict[str, str]) -> PurePosixPath:
    """Path below the folder of the corpus; segments of one file have their key as a name, instead of it."""
    if "start_time" in entry:
        return PurePosixPath(f"{entry['key']}.wav")
    return PurePosixPath(*PurePosixPath(entry["wav"]).parts[2:])  # downloads/<corpus>/...


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path)
    data = parser.parse_args().clone / "data"
    FOLDS.mkdir(exist_ok=True)
    for corpus, folder in NAMES.items():
        lines = [f"{recording}\t{role}\n" for recording, role in sorted(roles(data / folder, corpus).items())]
        path = FOLDS / f"{corpus}.txt.gz"
        path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
        print(f"{path}: {len(lines)} recordings")


if __name__ == "__main__":
    main()
