"""Fetch a corpus's archives and unpack them, so that its folder is whole or not there.

Not with pooch: it removes what it has when a download breaks, so that resuming would have to go around it, and what is
left for it to do is the call of `hashlib.file_digest`.
"""

import errno
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests
from tqdm import tqdm

from ser.audio import reading
from ser.core import files
from ser.corpora.archive import Archive
from ser.ingest import zips

ATTEMPTS = 4
BACKOFF = 1.0  # seconds before the second attempt, doubled for each that follows
TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two packets
CHUNK = 2**16  # bytes; what a broken connection loses at most
AGAIN = "run the same command again: what was downloaded is kept"


def install(archives: Sequence[Archive], target: Path) -> int:
    """Download `archives`, check them, and add their files to the folder `target`; recordings that it has stay.

    Until all is unpacked, the archives lie beside `target` as `.partial.<name>`; one that is incomplete is continued.
    Not made for two processes that install the same at the same time.

    Returns
    -------
    int
        How many files are new in `target`.

    Raises
    ------
    ValueError
        If `target` is no folder, what the server sends is not the archive, or it cannot be unpacked safely.
    OSError
        If `target` cannot be written, the disk is too small, or the download fails.
    """
    target = target.absolute()  # "." has no name
    _check_folder(target)
    partials = {archive: target.with_name(f".partial.{archive.name}") for archive in archives}
    with _staging(target) as staging:
        to_fetch = sum(archive.size - _n_there(archive, partial) for archive, partial in partials.items())
        to_unpack = sum(archive.size for archive in archives)  # at least; the archives will tell
        with _room(target.parent, to_fetch + to_unpack):
            for archive, partial in partials.items():
                _fetch(archive, partial)
        members = {archive: zips.members(partial) for archive, partial in partials.items()}
        with _room(target.parent, sum(member.file_size for found in members.values() for member in found)):
            for archive, found in members.items():
                zips.unpack(partials[archive], found, staging, description=f"unpack {archive.name}")
        n_new = _merge(staging, target)
    for partial in partials.values():
        partial.unlink()
    return n_new


def _check_folder(target: Path) -> None:
    """Raise an error if `target` is there and cannot take files."""
    if os.path.lexists(target) and not target.is_dir():
        what = "a file" if target.exists() else "a link that leads nowhere"
        raise ValueError(f"{target} is {what}, wanted a folder or nothing; move it away, or name another folder")
    if target.is_dir() and not os.access(target, os.W_OK | os.X_OK):
        raise OSError(f"{target} cannot be written; change its permissions, or name another folder")


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """Empty folder beside `target`, removed at the end; that it can be made shows that `target` can be."""
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
        shutil.rmtree(folder, ignore_errors=True)  # gone already if it became `target`


@contextmanager
def _room(folder: Path, needed: int) -> Iterator[None]:
    """Raise an error that says how much is needed if the disk has not `needed` bytes free, now or in the block."""
    free = shutil.disk_usage(folder).free
    full = OSError(f"{_mb(needed)} are needed in {folder}, {_mb(free)} were free; make room and {AGAIN}")
    if free < needed:
        raise full
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise full from error


def _fetch(archive: Archive, partial: Path) -> None:
    """Download what `partial` lacks of `archive`, and compare the checksum."""
    failure = ""
    for attempt in range(ATTEMPTS):
        if _n_there(archive, partial) == archive.size:
            break
        if attempt:
            time.sleep(BACKOFF * 2 ** (attempt - 1))
        try:
            failure = _continue(archive, partial)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            failure = str(error)
    if (there := _n_there(archive, partial)) < archive.size:
        raise OSError(
            f"{archive.url}: {ATTEMPTS} attempts failed, the last with: {failure}; {_mb(there)} of {_mb(archive.size)}"
            f" are there; to resume, {AGAIN}"
        )
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != archive.md5:
        partial.unlink()  # nobody knows which of its bytes are wrong
        raise ValueError(
            f"{archive.url}: found MD5 {found}, wanted {archive.md5}; the download is deleted, run the same command"
            " again to fetch it anew"
        )


def _n_there(archive: Archive, partial: Path) -> int:
    """How many bytes of `archive` are there; a longer file is no part of it, and is removed."""
    size = partial.stat().st_size if partial.exists() else 0
    if size > archive.size:
        partial.unlink()
        return 0
    return size


def _continue(archive: Archive, partial: Path) -> str:
    """Ask once for what `partial` lacks of `archive`, and write what comes; why that may not be all."""
    there = _n_there(archive, partial)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    with requests.get(archive.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        answer = f"HTTP {response.status_code} {response.reason}"
        if response.status_code not in ((200, 206, 416) if there else (200, 206)):
            raise OSError(f"{archive.url}: {answer}; later, {AGAIN}; or save the archive yourself as {partial} first")
        start, total = _span(response)
        if total not in (None, archive.size):
            raise _other_file(archive, f"{total} bytes")
        if start not in (0, there):
            partial.unlink(missing_ok=True)
            return f"{answer} to a request for the bytes from {there} on"
        with (
            partial.open("ab" if start else "wb") as file,
            tqdm(desc=archive.name, initial=start, total=archive.size, unit="B", unit_scale=True, disable=None) as bar,
        ):
            for chunk in response.iter_content(CHUNK):
                bar.update(file.write(chunk))
                if file.tell() > archive.size:
                    raise _other_file(archive, "more")
    return "the answer ended early"


def _span(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte that the response holds, and the length of the whole file; None for what it does not say."""
    if response.status_code == 200:
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if length.isdecimal() else None
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if found is None:
        return None, None
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _other_file(archive: Archive, found: str) -> ValueError:
    return ValueError(
        f"{archive.url}: found {found}, wanted {archive.size} bytes; open it in a browser to see what is in the way (a"
        f" network's login page?), then {AGAIN}"
    )


def _mb(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f} MB"


def _merge(staging: Path, target: Path) -> int:
    """Move to `target` the files that it lacks, or has an empty file or a Git LFS pointer of; how many."""
    found = [path.relative_to(staging) for path in sorted(staging.rglob("*")) if path.is_file()]
    if not target.exists():
        staging.rename(target)  # at once: the corpus is whole or not there
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
    """Whether a recording may be put at `path`: a link that leads nowhere is the user's."""
    return reading.is_stub(path) if path.exists() else not os.path.lexists(path)
