"""Bounds of files of other authors, checked before their content is read."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

MAX_SIZE = 2**29  # bytes of everything that a file unpacks to; the largest model of this project has 18 million
MAX_JSON = 2**25  # bytes
MAX_DEPTH = 100  # objects and lists inside each other; those of this project have less than 50
MAX_MEMBERS = 20_000  # files of an archive; a forest of 300 trees has 600

_MARKS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)  # strings, which may hold brackets; brackets


def check_size(size: int, what: object) -> None:
    """Check the number of bytes that the file of a model has or unpacks to.

    Parameters
    ----------
    what
        Name of the file, for the message.

    Raises
    ------
    ValueError
        If it is more than `MAX_SIZE`.

    Examples
    --------
    >>> check_size(2**32, "theirs.keras")
    Traceback (most recent call last):
    ValueError: theirs.keras holds 4096 MiB when it is unpacked; the limit is 512 MiB: save a smaller model
    """
    if size > MAX_SIZE:
        raise ValueError(
            f"{what} holds {size / 2**20:.0f} MiB when it is unpacked; the limit is {MAX_SIZE // 2**20} MiB:"
            " save a smaller model"
        )


def check_archive(archive: zipfile.ZipFile, what: object) -> None:
    """Check the number of files in the zip archive of a model, and of the bytes that it unpacks to.

    Parameters
    ----------
    what
        Name of the archive, for the message.

    Raises
    ------
    ValueError
        If there are more than `MAX_MEMBERS` files or `MAX_SIZE` bytes.

    Examples
    --------
    >>> import io
    >>> with zipfile.ZipFile(io.BytesIO(), "w") as archive:
    ...     archive.writestr("weights", b"")
    ...     archive.getinfo("weights").file_size = 2**32
    ...     check_archive(archive, "theirs.zip")
    Traceback (most recent call last):
    ValueError: theirs.zip holds 4096 MiB when it is unpacked; the limit is 512 MiB: save a smaller model
    """
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"{what} holds {len(members)} files; the limit is {MAX_MEMBERS}: save a smaller model")
    check_size(sum(member.file_size for member in members), what)


def parsed(text: str | bytes, what: object, *, limit: int | None = None) -> Any:
    """Content of JSON.

    Parameters
    ----------
    limit
        Largest size in bytes; None: `MAX_JSON`.

    Raises
    ------
    ValueError
        If it is larger than `limit`, deeper than `MAX_DEPTH`, or not valid.

    Examples
    --------
    >>> parsed('{"a": ["[[["]}', "it")
    {'a': ['[[[']}
    >>> parsed("[" * 200 + "]" * 200, "config.json")
    Traceback (most recent call last):
    ValueError: config.json has more than 100 objects inside each other, so it is not read
    """
    limit = MAX_JSON if limit is None else limit
    if len(text) > limit:
        raise ValueError(f"{what} has {len(text) / 2**20:.0f} MiB; the limit is {limit // 2**20} MiB of JSON")
    decoded = text if isinstance(text, str) else text.decode()
    depth = 0
    for mark in _MARKS.finditer(decoded):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark[0], 0)
        if depth > MAX_DEPTH:
            raise ValueError(f"{what} has more than {MAX_DEPTH} objects inside each other, so it is not read")
    return json.loads(decoded)


def read(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    ValueError
        For the same reasons as `parsed`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "config.json")
    ...     _ = path.write_text('{"units": [64, 32]}')
    ...     read(path)
    {'units': [64, 32]}
    """
    with path.open("rb") as file:
        return parsed(file.read(MAX_JSON + 1), path.name)
