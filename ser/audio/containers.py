"""Containers of sound, recognised by the first bytes of a file before it is decoded.

libsndfile reads more containers. Some of their decoders are rarely used and little tested: that of MIDI sample dumps
prints its errors to standard output. Such a file is refused here.
"""

from typing import BinaryIO, NamedTuple

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


class Foreign(NamedTuple):
    """A format that libsndfile does not decode.

    Examples
    --------
    >>> ADTS.suffix
    '.aac'
    """

    name: str
    suffix: str
    """The usual one of sound."""


FOREIGN = (  # position, the bytes there, the format
    (4, b"ftyp", Foreign("an M4A, MP4 or 3GP file", ".m4a")),
    (0, b"\x1aE\xdf\xa3", Foreign("a WebM or Matroska file", ".webm")),
    (0, b"ADIF", Foreign("an AAC file", ".aac")),
    (0, b"#!AMR", Foreign("an AMR file", ".amr")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Foreign("a WMA or WMV file", ".wma")),
    (0, b"wvpk", Foreign("a WavPack file", ".wv")),
    (0, b"MAC ", Foreign("a Monkey's Audio file", ".ape")),
    (0, b"TTA1", Foreign("a TTA file", ".tta")),
    (0, b"DSD ", Foreign("a DSF file", ".dsf")),
    (0, b"\x0b\x77", Foreign("an AC-3 file", ".ac3")),
    (0, b".RMF", Foreign("a RealMedia file", ".rm")),
    (0, b"FLV\1", Foreign("a Flash film", ".flv")),
    (8, b"AVI ", Foreign("an AVI film", ".avi")),
    (0, b"\0\0\1\xba", Foreign("an MPEG film", ".mpg")),
)
ADTS = Foreign("an AAC file", ".aac")


def is_known(file: BinaryIO) -> bool:
    """True if the file begins with one of the containers that are read here, perhaps after one ID3 tag.

    Examples
    --------
    >>> import io
    >>> is_known(io.BytesIO(b"fLaC" + bytes(40))), is_known(io.BytesIO(b"<html>404: Not Found</html>"))
    (True, False)
    """
    head = _head(file)
    if _is_mpeg(head):
        return not _is_adts(head)
    return any(all(head.startswith(mark, at) for at, mark in marks) for marks in MARKS)


def foreign(file: BinaryIO) -> Foreign | None:
    """Common format of a file that is not read here; None if the format is none of them.

    Examples
    --------
    >>> import io
    >>> foreign(io.BytesIO(b"\\0\\0\\0\\x20ftypM4A "))
    Foreign(name='an M4A, MP4 or 3GP file', suffix='.m4a')
    """
    head = _head(file)
    if _is_adts(head):
        return ADTS
    return next((known for at, mark, known in FOREIGN if head.startswith(mark, at)), None)


def _head(file: BinaryIO) -> bytes:
    """First bytes of a file, behind a byte-order mark or a tag."""
    file.seek(0)
    head = file.read(len(BYTE_ORDER_MARK) + HEAD).removeprefix(BYTE_ORDER_MARK)
    if head.startswith(TAG):
        size = 0
        for byte in head[TAG_HEADER - 4 : TAG_HEADER]:
            size = size << 7 | byte & 0x7F
        file.seek(TAG_HEADER + size)
        head = file.read(HEAD)
    return head


def _is_mpeg(head: bytes) -> bool:
    """True if `head` begins with the eleven set bits of a frame of MPEG audio, and not as text in UTF-16."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] != 0xFE


def _is_adts(head: bytes) -> bool:
    """True for a stream of AAC, whose frames begin with twelve set bits and no layer."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0
