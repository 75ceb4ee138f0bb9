"""The folder of the corpus: its check before anything is read, and the finding that later stages depend on."""

import shlex
from pathlib import Path
from typing import Any

from ser.core import files
from ser.core.overrides import option
from ser.ingest import names


def check(root: str) -> None:
    """Check that DVC can compute the digest of the folder `root`.

    Raises
    ------
    ValueError
        If it is not a folder, with every way to provide the corpus; or if a file in it has a name that is not UTF-8.

    Examples
    --------
    >>> check("~/ravdess")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: corpus.root is ~/ravdess, and DVC does not know what ~ is; write the path in full: ...
    """
    if root.startswith("~"):
        full = option("corpus.root", str(Path(root).expanduser()))
        raise ValueError(f"corpus.root is {root}, and DVC does not know what ~ is; write the path in full: {full}")
    if not Path(root).is_dir():
        quoted = shlex.quote(root)
        raise ValueError(
            f"corpus.root {root} is not a folder; put the corpus there (`ser corpora` lists what can be fetched; a"
            f" symbolic link is enough: ln -s /path/to/it {quoted}), or name its place: -S corpus.root=/path/to/it. A"
            " queued study runs in a copy without git-ignored files: track the corpus with"
            f" `dvc add {quoted}`, or give an absolute root"
        )
    names.check(Path(root))


def finding(root: str) -> dict[str, Any]:
    """The root, and a digest of each linked folder in it: DVC compares only the link, not the files behind it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     finding(folder)["links"]
    {}
    """
    return {"root": root, "links": files.linked_folders(Path(root))}
