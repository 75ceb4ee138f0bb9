"""Download of one archive, in several attempts, and the check of its MD5.

pooch is no help here: it deletes an unfinished download, so that it could not be resumed.
"""

import hashlib
import re
import time
from pathlib import Path

import requests
from tqdm import tqdm

from ser.corpora.archive import Archive

ATTEMPTS = 4
BACKOFF = 1.0  # seconds before the second attempt, doubled for each later one
TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two packets
CHUNK = 2**16  # bytes; a broken connection loses no more
AGAIN = "run the same command again: what was downloaded is kept"


def fetch(archive: Archive, partial: Path) -> None:
    """Download the missing part of `archive` to the file `partial`, and compare the MD5.

    Raises
    ------
    ValueError
        If the server sends another file, or the MD5 is wrong.
    OSError
        If the download fails, or `partial` cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> archive = Archive("https://example.org/a.zip", size=5, md5="5d41402abc4b2a76b9719d911017c592")
    >>> with TemporaryDirectory() as folder:
    ...     partial = Path(folder, ".partial.a.zip")
    ...     _ = partial.write_bytes(b"hello")  # all of it is there, so its MD5 is compared, and nothing is downloaded
    ...     fetch(archive, partial)
    ...     n_present(archive, partial)
    5
    """
    failure = ""
    for attempt in range(ATTEMPTS):
        if n_present(archive, partial) == archive.size:
            break
        if attempt:
            time.sleep(BACKOFF * 2 ** (attempt - 1))
        try:
            failure = _continue(archive, partial)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            failure = str(error)
    if (present := n_present(archive, partial)) < archive.size:
        raise OSError(
            f"{archive.url}: {ATTEMPTS} attempts failed, the last with: {failure}; {megabytes(present)} of"
            f" {megabytes(archive.size)} are there; to resume, {AGAIN}"
        )
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != archive.md5:
        partial.unlink()  # the wrong bytes may be anywhere in it
        raise ValueError(
            f"{archive.url}: found MD5 {found}, wanted {archive.md5}; the download is deleted, run the same command"
            " again to fetch it anew"
        )


def n_present(archive: Archive, partial: Path) -> int:
    """Number of bytes of `archive` in `partial`; a file that is too long is deleted.

    Examples
    --------
    >>> archive = Archive("https://example.org/a.zip", size=3, md5="")
    >>> n_present(archive, Path("no_such_file.zip"))
    0
    """
    size = partial.stat().st_size if partial.exists() else 0
    if size > archive.size:
        partial.unlink()
        return 0
    return size


def _continue(archive: Archive, partial: Path) -> str:
    """Send one request for the missing part of `archive` and append the answer; return a reason for missing bytes."""
    present = n_present(archive, partial)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={present}-"} if present else {})
    with requests.get(archive.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        answer = f"HTTP {response.status_code} {response.reason}"
        if response.status_code not in ((200, 206, 416) if present else (200, 206)):
            raise OSError(f"{archive.url}: {answer}; later, {AGAIN}; or save the archive yourself as {partial} first")
        start, total = _span(response)
        if total not in (None, archive.size):
            raise _other_file(archive, f"{total} bytes")
        if start not in (0, present):
            partial.unlink(missing_ok=True)
            return f"{answer} to a request for the bytes from {present} on"
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
    """First byte in the response, and size of the whole file; None where the response does not state it."""
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


def megabytes(n_bytes: int) -> str:
    """A size in megabytes, with its unit.

    Examples
    --------
    >>> megabytes(208_468_073)
    '208.5 MB'
    """
    return f"{n_bytes / 1e6:.1f} MB"
