"""The folder of the corpus: its check before anything is read, and its state, on which later stages depend."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ser import corpora
from ser.audio import cells
from ser.core import files
from ser.core.overrides import exp_run_option
from ser.ingest import file_names
from ser.ingest.corpus_settings import OF_A_STUDY, CorpusSettings
from ser.ingest.lists import opening, parts
from ser.ingest.lists.places import whole_path

KEEP = ".keep"


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
        full = exp_run_option("corpus.root", str(Path(root).expanduser()))
        raise ValueError(f"corpus.root is {root}, and DVC does not know what ~ is; write the path in full: {full}")
    if not Path(root).is_dir():
        quoted = shlex.quote(root)
        raise ValueError(
            f"corpus.root {root} is not a folder; put the corpus there (`ser corpora` lists what can be fetched; a"
            f" symbolic link is enough: ln -s /path/to/it {quoted}), or name its place: -S corpus.root=/path/to/it. A"
            " queued study runs in a copy without git-ignored files: track the corpus with"
            f" `dvc add {quoted}`, or give an absolute root"
        )
    file_names.check(Path(root))


def is_placeholder(folder: Path) -> bool:
    """True for a folder that `prepare` has made, as long as nothing else is in it.

    Examples
    --------
    >>> is_placeholder(Path("data/demo"))
    False
    """
    return [path.name for path in folder.iterdir()] == [KEEP]


def prepare(corpus: Mapping[str, Any]) -> None:
    """Make the root of a corpus whose list lies elsewhere, because DVC wants the folder; then check it.

    Parameters
    ----------
    corpus
        Section of the configuration.

    Raises
    ------
    ValueError
        For the same reasons as `check`.

    Examples
    --------
    >>> prepare({"root": "data/demo", "reader": "demo"})
    """
    root = Path(corpus["root"])
    if corpus.get("list") and not root.exists() and not str(root).startswith("~"):
        files.write_text(root / KEEP, "DVC wants this folder; the recordings lie elsewhere, where a list names them\n")
    check(corpus["root"])


def state(corpus: Mapping[str, Any]) -> dict[str, Any]:
    """The root, and digests of files that DVC does not compare: those behind links, and those that a list names.

    Raises
    ------
    ValueError
        If a list cannot be read.

    Examples
    --------
    >>> state({"root": "data/demo", "reader": "demo"})
    {'root': 'data/demo', 'links': {}}
    """
    root = Path(corpus["root"])
    found = {"root": corpus["root"], "links": files.linked_folders(root)}
    lists = {name: files.listing_digest(paths, root) for name, paths in _listed(corpus, root)}
    return found | ({"lists": lists} if lists else {})


def _listed(corpus: Mapping[str, Any], root: Path) -> Iterator[tuple[str, list[Path]]]:
    """Name of each corpus that has a list, and the files of the list: itself, and its recordings out of the root."""
    members = corpus.get("members", {"": corpus})
    chosen = corpus.get("corpora") or members
    for name, member in members.items():
        reader = member.get("reader")
        if name not in chosen or reader not in corpora.CORPORA or not corpora.CORPORA[reader].is_list:
            continue
        if not member.get("list") and not parts.is_in(root / name):
            continue  # ingest reports it, unless the corpus is simply not there
        settings = {key: value for key, value in member.items() if key not in OF_A_STUDY}
        lists, named = opening.recordings(root / name, CorpusSettings("", name, **settings).of_list)
        others = sorted({cells.file_of(path) for path in named}.difference(lists))
        yield name or str(corpus["name"]), [*lists, *(path for path in others if not _is_in(path, root))]


def _is_in(path: Path, root: Path) -> bool:
    return whole_path(path).is_relative_to(whole_path(root))
