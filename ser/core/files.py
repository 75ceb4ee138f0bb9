"""Write files and folders so that they appear only when they are complete; list folders and follow links."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any, Protocol

from ser.core import bounds

LINE_BREAKS = "\r\n"
LINE_BREAKS_ESCAPED = {ord(one): repr(one)[1:-1] for one in LINE_BREAKS}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write a file or folder to; it replaces `path` when the block ends without an error.

    If two processes write to one path, the one that began last succeeds.

    Raises
    ------
    FileNotFoundError
        If the block wrote nothing, or if another process has begun to write to `path`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with replacing(Path(folder, "a.txt")) as temporary:
    ...         _ = temporary.write_text("whole")
    ...     [path.name for path in Path(folder).iterdir()]
    ['a.txt']
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial.{path.name}")
    _remove(partial)  # a killed process may have left it
    partial.mkdir(exist_ok=True)
    own = Path(tempfile.mkdtemp(dir=partial))  # another process must not publish what this one has half written
    temporary = own / path.name  # keeps the suffix, which selects the format
    try:
        yield temporary
        if not own.exists():
            raise FileNotFoundError(f"another process writes {path} too, and began later; run one at a time")
        if path.is_dir():
            _remove(path)  # a folder cannot replace a folder that is not empty
        temporary.replace(path)
    finally:
        shutil.rmtree(own, ignore_errors=True)
        with suppress(OSError):  # it is not empty if another process writes
            partial.rmdir()


def _remove(path: Path) -> None:
    """Remove a file, or a folder with its content, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` in UTF-8 with `\\n` line ends.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_text(Path(folder, "new", "a.txt"), "é")
    ...     len(Path(folder, "new", "a.txt").read_bytes())  # in UTF-8
    2
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON; keys keep their order and non-ASCII characters are not escaped.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_json(Path(folder, "metrics.json"), {"uar": 0.5})
    ...     print(Path(folder, "metrics.json").read_text(), end="")
    {
      "uar": 0.5
    }
    """
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


class Figure(Protocol):
    """A picture that can be saved, as those of matplotlib.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> class Dot:
    ...     def savefig(self, fname):
    ...         _ = fname.write_text("<svg/>")
    >>> figure: Figure = Dot()  # any class with this method will do
    >>> with TemporaryDirectory() as folder:
    ...     figure.savefig(Path(folder, "dot.svg"))
    ...     Path(folder, "dot.svg").read_text()
    '<svg/>'
    """

    def savefig(self, fname: Path) -> object:
        """Write the picture to a file whose suffix names the format."""


def write_figure(path: Path, figure: Figure) -> None:
    """Write a picture in the format that the suffix of `path` names.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> class Dot:
    ...     def savefig(self, fname):
    ...         fname.write_text("<svg/>")
    >>> with TemporaryDirectory() as folder:
    ...     write_figure(Path(folder, "dot.svg"), Dot())
    ...     Path(folder, "dot.svg").read_text()
    '<svg/>'
    """
    with replacing(path) as temporary:
        figure.savefig(temporary)


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    ValueError
        If it is damaged, or exceeds the bounds of `ser.core.bounds`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_json(Path(folder, "metrics.json"), {"uar": 0.5})
    ...     read_json(Path(folder, "metrics.json"))
    {'uar': 0.5}
    """
    return bounds.read(path)


def is_utf_8(path: str | PurePath) -> bool:
    """True if a path can be written into a table, which is UTF-8; on Linux a name may be any bytes.

    Examples
    --------
    >>> is_utf_8(os.fsdecode(b"caf\\xe9.wav"))
    False
    """
    return not any("\udc80" <= character <= "\udcff" for character in str(path))


def escaped(path: str | PurePath) -> str:
    """Path as text of one line, with line breaks, and the bytes that are not UTF-8, written as in Python.

    Examples
    --------
    >>> print(escaped(os.fsdecode(b"caf\\xe9\\n.wav")))
    caf\\xe9\\n.wav
    """
    return one_line(os.fsencode(path).decode("utf-8", "backslashreplace"))


def has_line_break(text: str | PurePath) -> bool:
    """True if a text has the end of a line of a csv, which not every program reads as a part of a cell.

    Examples
    --------
    >>> has_line_break("a\\r.wav"), has_line_break("a b.wav")
    (True, False)
    """
    return any(one in str(text) for one in LINE_BREAKS)


def one_line(text: str) -> str:
    """Text with its line breaks written as in Python.

    Examples
    --------
    >>> print(one_line("first\\nsecond"))
    first\\nsecond
    """
    return text.translate(LINE_BREAKS_ESCAPED)


def walk(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield the files below `folder`, in no fixed order.

    Links to folders are followed, except links that lead back to a folder that contains them.

    Parameters
    ----------
    above
        Resolved folders that the walk passed on its way to `folder`.

    Raises
    ------
    OSError
        If a folder cannot be listed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_text(Path(folder, "actor_01", "a.wav"), "")
    ...     [path.relative_to(folder).as_posix() for path in walk(Path(folder))]
    ['actor_01/a.wav']
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
    except OSError:  # a link to itself: treated as a file, which fails when it is opened
        return False


def _leads_back(folder: Path, above: tuple[Path, ...]) -> bool:
    """True if a resolved folder contains one of the folders that the walk passed on its way to it."""
    return any(outer.is_relative_to(folder) for outer in above)


def linked_folders(root: Path) -> dict[str, str]:
    """Digest of the files behind each link to a folder below `root`, by the path of the link.

    The digest covers the names, sizes and modification times of the files. Links that `walk` does not follow are
    left out.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, TemporaryDirectory() as elsewhere:
    ...     Path(folder, "ravdess").symlink_to(elsewhere)
    ...     [(link, len(digest)) for link, digest in linked_folders(Path(folder)).items()]
    [('ravdess', 32)]
    """
    folders = (Path(parent, name) for parent, names, _ in os.walk(root) for name in names)
    digests: dict[str, str] = {}
    for link in sorted(folder for folder in folders if folder.is_symlink()):
        top, parent = root.resolve(), link.parent.resolve()
        above = (parent, *(outer for outer in parent.parents if outer.is_relative_to(top)))
        if not _leads_back(link.resolve(), above):
            digests[escaped(link.relative_to(root).as_posix())] = listing_digest(sorted(walk(link, above)), link)
    return digests


def listing_digest(paths: Iterable[Path], folder: Path) -> str:
    """Digest of the names, sizes and modification times of files, in their order.

    Parameters
    ----------
    folder
        Names of files in it do not have its name.

    Examples
    --------
    >>> listing_digest([], Path())
    'cae66941d9efbd404e4d88758ea67670'
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        facts = path.stat() if path.exists() else path.lstat()
        name = path.relative_to(folder) if path.is_relative_to(folder) else path
        digest.update(os.fsencode(f"{name.as_posix()}\0{facts.st_size}\0{facts.st_mtime_ns}\n"))
    return digest.hexdigest()
