"""Unpacking of zip files from the web, without harm to the machine."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from tqdm import tqdm

MAX_EXPANSION = 10  # unpacked size by packed size; speech shrinks to a third at best, so more is a zip bomb


def members(path: Path) -> list[zipfile.ZipInfo]:
    """Files in the zip file at `path`, without hidden files and those that macOS adds.

    Raises
    ------
    ValueError
        If it is not a zip file, if a member could do harm (a path that leads out of the folder, a link, a device) or
        cannot be read (encryption, an unusual compression), or if the files are more than `MAX_EXPANSION` times as
        large as the archive.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.zip")
    ...     with zipfile.ZipFile(path, "w") as file:
    ...         file.writestr("DC/a01.wav", b"")
    ...         file.writestr("__MACOSX/a01.wav", b"")
    ...     [member.filename for member in members(path)]
    ['DC/a01.wav']
    """
    with _reading(path) as file:
        found = file.infolist()
    for member in found:
        if objection := _objection(member):
            raise _refused(path, f"{member.orig_filename!r} is {objection}")
    unpacked, packed = sum(member.file_size for member in found), path.stat().st_size
    if unpacked > MAX_EXPANSION * packed:
        raise _refused(path, f"{packed} bytes become {unpacked}, more than {MAX_EXPANSION} times as many")
    return [member for member in found if not (member.is_dir() or _is_clutter(PurePosixPath(member.filename)))]


def unpack(path: Path, found: list[zipfile.ZipInfo], folder: Path, *, description: str) -> None:
    """Extract the members `found` to `folder`; zipfile reads no more bytes of a member than it declares.

    Raises
    ------
    ValueError
        If a member is damaged.
    OSError
        If it cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.zip")
    ...     with zipfile.ZipFile(path, "w") as file:
    ...         file.writestr("DC/a01.wav", b"RIFF")
    ...     unpack(path, members(path), Path(folder, "savee"), description="unpack")
    ...     Path(folder, "savee", "DC", "a01.wav").read_bytes()
    b'RIFF'
    """
    total = sum(member.file_size for member in found)
    with (
        _reading(path) as file,
        tqdm(desc=description, total=total, unit="B", unit_scale=True, disable=None) as bar,
    ):
        for member in found:
            file.extract(member, folder)
            bar.update(member.file_size)


@contextmanager
def _reading(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip file; every defect of it raises a `ValueError`."""
    try:
        with zipfile.ZipFile(path) as file:
            yield file
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:  # the last: a later format
        raise _refused(path, f"not readable as zip ({str(error) or 'it ends early'})") from None


def _objection(member: zipfile.ZipInfo) -> str | None:
    """Reason why a member must not be unpacked, or None."""
    for name in (member.orig_filename, member.filename):  # as stored in the archive, and as zipfile understands it
        if name.startswith("/") or ".." in name.split("/") or any(character in name for character in "\\:\0"):
            return "a path that may lead out of the folder"
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a link or device"
    if member.flag_bits & 1:
        return "encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"compressed by method {member.compress_type}, neither stored nor deflated"
    return None


def _is_clutter(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _refused(path: Path, found: str) -> ValueError:
    return ValueError(
        f"{path} cannot be unpacked safely: {found}; its MD5 is the expected one, so remove the file and report"
        " it to the makers of `ser`"
    )
