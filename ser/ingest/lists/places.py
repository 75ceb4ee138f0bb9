"""Files that a list names: found from the folder of the list, or from the root of the corpus."""

import difflib
import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ser.audio import cells
from ser.corpora.naming import InvalidName

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
DRIVE = re.compile(r"^[A-Za-z]:")


class Places:
    """Folders from which relative paths lead to files.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.wav").write_bytes(b"")
    ...     Places([Path(folder)]).find(".\\\\a.wav").name
    'a.wav'
    """

    def __init__(self, folders: Sequence[Path], prefix: str | None = None) -> None:
        """Take the folders in their order; `prefix` is a folder that precedes every path of the list."""
        self._folders = list(dict.fromkeys(folder for folder in folders))
        self._prefix = _plain(prefix or "")
        self._names: dict[Path, list[str]] = {}  # files of each folder in which a name was not found

    def find(self, given: str) -> Path:
        """Path of the file that the list names.

        Raises
        ------
        InvalidName
            If there is none, or it is not a plain file.

        Examples
        --------
        >>> Places([Path()]).find("https://example.org/a.wav")
        Traceback (most recent call last):
        ser.corpora.naming.InvalidName: an address of the web; files alone are read, so download it first
        """
        if ADDRESS.match(given):
            raise InvalidName("an address of the web", "files alone are read, so download it first")
        if "\0" in given:
            raise InvalidName("no name of a file", "mend it")
        candidates = [path for form in self._forms(given) for path in self._candidates(form)]
        path = next((path for path in candidates if _exists(path) or cells.found(path)), None)
        if path is None:
            raise InvalidName("there is no such file", self._remedy(candidates))
        if not cells.file_of(path).is_file():  # a folder; a pipe or a device would never end
            raise InvalidName("not a file", "name a recording")
        return path

    @staticmethod
    def _forms(given: str) -> list[str]:
        """Ways in which disks write a name: / or \\ between folders, a letter with a mark as one character or two."""
        forms = [given, _plain(given)]
        return list(dict.fromkeys([*forms, *(unicodedata.normalize(way, forms[1]) for way in ("NFC", "NFD"))]))

    def _candidates(self, given: str) -> list[Path]:
        inside = Path(self._prefix, given)
        found = [folder / inside for folder in self._folders]
        parts = PurePosixPath(given).parts
        named = [folder.resolve() for folder in self._folders] if len(parts) > 1 else []
        return found + [folder.parent / inside for folder in named if folder.name == parts[0]]

    def _remedy(self, candidates: Sequence[Path]) -> str:
        for path in candidates:
            if path.parent not in self._names:
                is_there = _exists(path.parent) and path.parent.is_dir()
                self._names[path.parent] = sorted(one.name for one in path.parent.iterdir()) if is_there else []
            if near := difflib.get_close_matches(path.name, self._names[path.parent], n=1, cutoff=0.8):
                return f"did you mean {near[0]}, which is there?"
        looked = " and ".join(dict.fromkeys(str(folder / self._prefix) for folder in self._folders))
        return f"paths are looked up from {looked}; set corpus.root or corpus.prefix, or mend the path"


def _plain(path: str) -> str:
    return path.replace("\\", "/")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a name that is too long
        return False


def whole_path(path: Path) -> Path:
    """Absolute path without dots; links are followed only where dots make that necessary.

    Examples
    --------
    >>> whole_path(Path("/data/./a.wav"))
    PosixPath('/data/a.wav')
    """
    return path.resolve() if ".." in path.parts else path.absolute()


def relative(path: Path, root: Path) -> str:
    """Path from the root: relative if both lie in one folder of the project or the file lies in the root, else whole.

    Parameters
    ----------
    path
        A file, absolute or relative to the current folder.

    Examples
    --------
    >>> relative(Path("/data/a.wav"), Path("/data")), relative(Path("/data/a.wav"), Path("/other"))
    ('a.wav', '/data/a.wav')
    """
    whole, top = whole_path(path), whole_path(root)
    if whole.is_relative_to(top):
        return whole.relative_to(top).as_posix()
    here = Path.cwd()
    physical, top = path.parent.resolve() / path.name, root.resolve()  # the system follows links before it goes up
    if physical.is_relative_to(here.resolve()) and top.is_relative_to(here.resolve()):
        return PurePosixPath(os.path.relpath(physical, top)).as_posix()
    return whole.as_posix()


def names_of(recordings: Sequence[tuple[str, Path]], folders: Sequence[Path]) -> list[str]:
    """Names of recordings: each its path from the first of the `folders` that contains it, or as the list has it.

    Absolute paths outside of the `folders` start at the deepest folder that contains all of these, so that names do not
    depend on the machine; unless such a name is that of another recording.

    Parameters
    ----------
    recordings
        Path as the list has it, and path of the file.

    Examples
    --------
    >>> names_of([("wav/a.1.wav", Path("/data/wav/a.1.wav"))], [Path("/data")])
    ['wav/a.1']
    >>> names_of([(path, Path(path)) for path in ("/data/sad/a.wav", "/data/calm/b.wav")], [])
    ['sad/a', 'calm/b']
    """
    tops = [whole_path(folder) for folder in folders]
    found = [_inside(path, tops) for _, path in recordings]
    given = [os.path.normpath(DRIVE.sub("", _plain(one))).replace("//", "/") for one, _ in recordings]
    outside = [PurePosixPath(one) for one, inside in zip(given, found, strict=True) if inside is None]
    parents = [one.parent for one in outside if one.is_absolute()]
    shared = PurePosixPath(os.path.commonpath(parents)) if parents else None
    short = [_name(one, inside, shared) for one, inside in zip(given, found, strict=True)]
    whole = [_name(one, inside, None) for one, inside in zip(given, found, strict=True)]
    kept = {name for name, full in zip(short, whole, strict=True) if name == full}
    return whole if any(name in kept and name != full for name, full in zip(short, whole, strict=True)) else short


def _inside(path: Path, tops: Sequence[Path]) -> PurePosixPath | None:
    """Path from the first folder that contains it; None if there is none."""
    whole = whole_path(path)
    top = next((top for top in tops if whole.is_relative_to(top)), None)
    return None if top is None else PurePosixPath(whole.relative_to(top).as_posix())


def _name(given: str, inside: PurePosixPath | None, shared: PurePosixPath | None) -> str:
    """Name by the path in a folder; else by the path of the list, without the shared folder, root and dots."""
    path = inside
    if path is None:
        path = PurePosixPath(given)
        path = path.relative_to(shared) if shared is not None and path.is_absolute() else path
        path = PurePosixPath(*(part for part in path.parts if part not in ("/", "..")))
    return unicodedata.normalize("NFC", path.with_suffix("").as_posix())
