"""The folder of the corpus: its check before anything is read, and the finding that later stages depend on."""

from pathlib import Path
from typing import Any

from ser.core import files


def check(root: str) -> None:
    """Raise a `ValueError` with every way to provide the corpus, if `root` is not a folder."""
    if not Path(root).is_dir():
        raise ValueError(
            f"corpus.root {root} is not a folder; put the corpus there (`ser corpora` lists what can be fetched; a"
            f" symbolic link is enough: ln -s /path/to/it {root}), or name its place: -S corpus.root=/path/to/it. A"
            " queued study runs in a copy without git-ignored files: track the corpus with"
            f" `dvc add {root}`, or give an absolute root"
        )


def finding(root: str) -> dict[str, Any]:
    """The root, and a digest of each linked folder in it: DVC compares only the link, not the files behind it."""
    return {"root": root, "links": files.linked_folders(Path(root))}
