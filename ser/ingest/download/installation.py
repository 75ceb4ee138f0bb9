"""Installation of archives in a folder, which is then either complete or unchanged."""

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ser.audio import reading
from ser.core import files
from ser.corpora.archive import Archive
from ser.ingest.download import unpacking
from ser.ingest.download.fetching import AGAIN, fetch, megabytes, n_present


def install(archives: Sequence[Archive], target: Path) -> int:
    """Download `archives`, check them, and add their files to the folder `target`; its own recordings stay.

    The archives lie beside `target` as `.partial.<name>` until all are unpacked; an incomplete one is resumed.
    Two processes must not install the same archives at the same time.

    Returns
    -------
    int
        Number of new files in `target`.

    Raises
    ------
    ValueError
        If `target` is not a folder, the server sends another file, or an archive cannot be unpacked safely.
    OSError
        If `target` cannot be written, the disk is too small, or the download fails.

    Examples
    --------
    >>> import hashlib
    >>> import zipfile
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     partial = Path(folder, ".partial.a.zip")  # all of it was downloaded before
    ...     with zipfile.ZipFile(partial, "w") as file:
    ...         file.writestr("DC/a01.wav", b"")
    ...     md5 = hashlib.md5(partial.read_bytes()).hexdigest()
    ...     archive = Archive("https://example.org/a.zip", partial.stat().st_size, md5)
    ...     install([archive], Path(folder, "savee")), Path(folder, "savee", "DC", "a01.wav").is_file()
    (1, True)
    """
    target = target.absolute()  # "." has no name
    _check_folder(target)
    partials = {archive: target.with_name(f".partial.{archive.name}") for archive in archives}
    with _staging(target) as staging:
        to_fetch = sum(archive.size - n_present(archive, partial) for archive, partial in partials.items())
        to_unpack = sum(archive.size for archive in archives)  # at least; the exact size is in the archives
        with _room(target.parent, to_fetch + to_unpack):
            for archive, partial in partials.items():
                fetch(archive, partial)
        members = {archive: unpacking.members(partial) for archive, partial in partials.items()}
        with _room(target.parent, sum(member.file_size for found in members.values() for member in found)):
            for archive, found in members.items():
                unpacking.unpack(partials[archive], found, staging, description=f"unpack {archive.name}")
        n_new = _merge(staging, target)
    for partial in partials.values():
        partial.unlink()
    return n_new


def _check_folder(target: Path) -> None:
    """Raise an error if `target` exists and cannot take files."""
    if os.path.lexists(target) and not target.is_dir():
        what = "a file" if target.exists() else "a link that leads nowhere"
        raise ValueError(f"{target} is {what}, wanted a folder or nothing; move it away, or name another folder")
    if target.is_dir() and not os.access(target, os.W_OK | os.X_OK):
        raise OSError(f"{target} cannot be written; change its permissions, or name another folder")


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """Empty folder beside `target`, which also proves that `target` can be made; deleted at the end."""
    folder = target.with_name(f".partial.{target.name}")
    shutil.rmtree(folder, ignore_errors=True)  # left by a process that was killed
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OSError(
            f"{folder} cannot be made ({error.strerror}); make {target.parent} a folder that you can write to, or name"
            " another"
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # does not exist any more if it became `target`


@contextmanager
def _room(folder: Path, needed: int) -> Iterator[None]:
    """Raise an error that states the `needed` bytes if the disk has fewer, now or while the block runs."""
    free = shutil.disk_usage(folder).free
    full = OSError(f"{megabytes(needed)} are needed in {folder}, {megabytes(free)} were free; make room and {AGAIN}")
    if free < needed:
        raise full
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise full from error


def _merge(staging: Path, target: Path) -> int:
    """Move to `target` the files that it lacks, or has as empty files or Git LFS pointers; return their number."""
    found = [path.relative_to(staging) for path in sorted(staging.rglob("*")) if path.is_file()]
    if not target.exists():
        staging.rename(target)  # in one step: the corpus is never there in part
        return len(found)
    lacking = [path for path in found if _is_lacking(target / path)]
    for path in lacking:
        try:
            with files.replacing(target / path) as temporary:
                shutil.move(staging / path, temporary)  # copies where `target` is a link to another disk
        except (FileExistsError, NotADirectoryError) as error:
            raise OSError(f"{error.filename} is in the way of a folder; move it away and {AGAIN}") from None
    return len(lacking)


def _is_lacking(path: Path) -> bool:
    """True if a recording may be written to `path`; a user's link that leads nowhere is kept."""
    return reading.is_stub(path) if path.exists() else not os.path.lexists(path)
