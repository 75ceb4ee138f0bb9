"""Pages of an Ogg file [RFC 3533]: whether it was cut, and whether other sound follows the first."""

import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

MARK, HEAD = b"OggS\0", 27  # beginning of a page; bytes before the lengths of its segments
LONGEST = HEAD + 255 + 255 * 255  # bytes of a page
MOST_STREAMS = 100  # at the beginning of a file; a stranger's could have millions, which take time
FIRST = 2  # bit of the first page of a stream; streams side by side, as of sound and pictures, all begin the file


class Page(NamedTuple):
    """Head of a page.

    Examples
    --------
    >>> Page(stream=b"\\0\\0\\0\\1", is_first=True, size=28).size
    28
    """

    stream: bytes
    """Number of its stream, as the file has it."""
    is_first: bool
    size: int
    """Bytes of the whole page."""


def is_cut(file: BinaryIO) -> bool:
    """True if the last page of an Ogg file is longer than the rest of the file.

    Examples
    --------
    >>> page = MARK + bytes(21) + bytes([1, 5])  # of one segment of 5 bytes
    >>> is_cut(io.BytesIO(page + bytes(5))), is_cut(io.BytesIO(page + bytes(4)))
    (False, True)
    """
    rest = _last(file)
    page = _page(rest)
    return bool(rest) and (page is None or len(rest) < page.size)


def is_chained(file: BinaryIO) -> bool:
    """True if the last page is of another stream than those that begin the file: libsndfile would end before it.

    Examples
    --------
    >>> def page(kind, stream):
    ...     return MARK + bytes([kind]) + bytes(8) + bytes([stream]) + bytes(11) + bytes([1, 5]) + bytes(5)
    >>> is_chained(io.BytesIO(page(FIRST, 1) + page(FIRST, 2) + page(0, 1) + page(0, 2)))
    False
    >>> is_chained(io.BytesIO(page(FIRST, 1) + page(0, 1) + page(FIRST, 2) + page(0, 2)))
    True
    """
    place = file.seek(0, io.SEEK_CUR)
    streams = {page.stream for page in _beginning(file)}
    file.seek(place)
    last = _page(_last(file))
    return bool(streams) and last is not None and last.stream not in streams


def _beginning(file: BinaryIO) -> Iterator[Page]:
    """First pages of streams, with which a file begins."""
    position = 0
    for _ in range(MOST_STREAMS):
        file.seek(position)
        page = _page(file.read(HEAD + 255))
        if page is None or not page.is_first:
            return
        yield page
        position += page.size


def _last(file: BinaryIO) -> bytes:
    """Bytes from the last page on; none if something long follows the sound. libsndfile reads on where it was."""
    place = file.seek(0, io.SEEK_CUR)
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - LONGEST))
    end = file.read(LONGEST)
    file.seek(place)
    start = end.rfind(MARK)
    return end[start:] if start >= 0 else b""


def _page(content: bytes) -> Page | None:
    """Page at the beginning of some bytes; None if there is none, or its head is incomplete."""
    if not content.startswith(MARK) or len(content) < HEAD:
        return None
    n_segments = content[HEAD - 1]
    lengths = content[HEAD : HEAD + n_segments]
    return Page(content[14:18], bool(content[5] & FIRST), HEAD + n_segments + sum(lengths))
