"""Files that are either whole or not there: write to a temporary name, then rename."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Path of a file or folder to write, which takes the place of `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".partial.{path.name}")  # keeps the suffix, from which writers tell the format
    _remove(temporary)  # left by a process that was killed
    try:
        yield temporary
        if path.is_dir():
            _remove(path)  # a folder cannot be renamed onto one that has content
        temporary.replace(path)
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    """Remove a file, or a folder with all it holds, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` in UTF-8 with `\\n` line ends."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Write `content` indented, in the order given, non-ASCII characters as they are."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a json file."""
    return json.loads(path.read_text(encoding="utf-8"))


def walk(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Files below `folder`, in no order; links to folders are followed, but not back to a folder that they lie in.

    Parameters
    ----------
    above
        Resolved folders that `folder` is reached through.

    Raises
    ------
    OSError
        If a folder cannot be listed.
    """
    here = folder.resolve()
    if _leads_back(here, above):
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_folder(entry):
                yield from walk(Path(entry), (*above, here))
            else:
                yield Path(entry)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself: no folder, and who opens it is told
        return False


def _leads_back(folder: Path, above: tuple[Path, ...]) -> bool:
    """Whether a resolved folder holds one of those that it is reached through."""
    return any(outer.is_relative_to(folder) for outer in above)


def linked_folders(root: Path) -> dict[str, str]:
    """Symbolic links to folders below `root`, and a digest of the names, sizes and times of the files in each.

    Links that `walk` does not follow are left out.
    """
    folders = (Path(parent, name) for parent, names, _ in os.walk(root) for name in names)
    digests: dict[str, str] = {}
    for link in sorted(folder for folder in folders if folder.is_symlink()):
        top, parent = root.resolve(), link.parent.resolve()
        above = (parent, *(outer for outer in parent.parents if outer.is_relative_to(top)))
        if not _leads_back(link.resolve(), above):
            digests[link.relative_to(root).as_posix()] = _listing_digest(link, above)
    return digests


def _listing_digest(folder: Path, above: tuple[Path, ...]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(walk(folder, above)):
        facts = path.stat() if path.exists() else path.lstat()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
