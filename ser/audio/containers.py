"""Containers of sound, told by the first bytes of a file before a decoder sees it.

libsndfile knows more containers. Some of their decoders are rarely used and little tested: that of MIDI sample dumps
prints its errors to standard output. Such a file is refused here.
"""

from typing import BinaryIO

HEAD = 16  # bytes
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # of text in UTF-8; some programs write it before a WAV file
MARKS = (  # position, and the bytes there
    ((0, b"RIFF"), (8, b"WAVE")),
    ((0, b"RIFX"), (8, b"WAVE")),
    ((0, b"RF64"), (8, b"WAVE")),
    ((0, b"riff\x2e\x91\xcf\x11"),),  # W64
    ((0, b"FORM"), (8, b"AIF")),
    ((0, b"fLaC"),),
    ((0, b"OggS"),),
    ((0, b".snd"),),  # AU, big-endian and little-endian
    ((0, b"dns."),),
    ((0, b"caff"),),
    ((0, b"NIST_1A"),),
    ((0, b"Creative Voice File"[:HEAD]),),
)
TAG = b"ID3"  # of any MP3 file, and of some FLAC files, before the sound
TAG_HEADER = 10  # bytes; the last four have seven bits each of the size of the rest


def is_known(file: BinaryIO) -> bool:
    """True if the file begins with one of the containers that are read here, perhaps after one ID3 tag.

    Examples
    --------
    >>> import io
    >>> is_known(io.BytesIO(b"fLaC" + bytes(40))), is_known(io.BytesIO(b"<html>404: Not Found</html>"))
    (True, False)
    """
    file.seek(0)
    head = file.read(len(BYTE_ORDER_MARK) + HEAD).removeprefix(BYTE_ORDER_MARK)
    if head.startswith(TAG):
        size = 0
        for byte in head[TAG_HEADER - 4 : TAG_HEADER]:
            size = size << 7 | byte & 0x7F
        file.seek(TAG_HEADER + size)
        head = file.read(HEAD)
    return _is_mpeg(head) or any(all(head.startswith(mark, at) for at, mark in marks) for marks in MARKS)


def _is_mpeg(head: bytes) -> bool:
    """True if `head` begins with the eleven set bits of a frame of MPEG audio."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
