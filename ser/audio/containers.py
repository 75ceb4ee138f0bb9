"""Containers of sound, recognised by the first bytes of a file before it is decoded.

libsndfile reads more containers. Some of their decoders are rarely used and little tested: that of MIDI sample dumps
prints its errors to standard output. Such a file is refused here.
"""

from typing import BinaryIO, NamedTuple

HEAD = 16  # bytes
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # of text in UTF-8; some programs write it before a WAV file
Marks = tuple[tuple[int, bytes], ...]
MARKS: dict[Marks, str | None] = {  # position, and the bytes there -> FFmpeg's name; None: FFmpeg does not read it
    ((0, b"RIFF"), (8, b"WAVE")): "wav",
    ((0, b"RIFX"), (8, b"WAVE")): None,
    ((0, b"RF64"), (8, b"WAVE")): "wav",
    ((0, b"riff\x2e\x91\xcf\x11"),): "w64",
    ((0, b"FORM"), (8, b"AIF")): "aiff",
    ((0, b"fLaC"),): "flac",
    ((0, b"OggS"),): "ogg",
    ((0, b".snd"),): "au",
    ((0, b"dns."),): None,  # AU, little-endian
    ((0, b"caff"),): "caf",
    ((0, b"NIST_1A"),): "nistsphere",
    ((0, b"Creative Voice File"[:HEAD]),): "voc",
}
MPEG = "mp3"  # FFmpeg's name of it
TAG = b"ID3"  # of any MP3 file, and of some FLAC files, before the sound
MOST_TAGS = 8  # of one file; programs write a tag of their own before that of another one
TAG_HEADER = 10  # bytes; the last four have seven bits each of the size of the rest


class Foreign(NamedTuple):
    """A format that libsndfile does not decode, and FFmpeg does.

    Examples
    --------
    >>> ADTS.suffix
    '.aac'
    """

    name: str
    suffix: str
    """The usual one of sound."""
    demuxer: str
    """FFmpeg's name of the container."""


FOREIGN = (  # position, the bytes there, the format
    (4, b"ftyp", Foreign("an M4A, MP4 or 3GP file", ".m4a", "mov")),
    *((4, mark, Foreign("a QuickTime film", ".mov", "mov")) for mark in (b"moov", b"mdat", b"wide")),
    (0, b"\x1aE\xdf\xa3", Foreign("a WebM or Matroska file", ".webm", "matroska")),
    (0, b"#!AMR", Foreign("an AMR file", ".amr", "amr")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Foreign("a WMA or WMV file", ".wma", "asf")),
    (0, b"wvpk", Foreign("a WavPack file", ".wv", "wv")),
    (0, b"MAC ", Foreign("a Monkey's Audio file", ".ape", "ape")),
    (0, b"TTA1", Foreign("a TTA file", ".tta", "tta")),
    (0, b"DSD ", Foreign("a DSF file", ".dsf", "dsf")),
    (0, b"\x0b\x77", Foreign("an AC-3 file", ".ac3", "ac3")),
    (0, b".RMF", Foreign("a RealMedia file", ".rm", "rm")),
    (0, b"FLV\1", Foreign("a Flash film", ".flv", "flv")),
    (8, b"AVI ", Foreign("an AVI film", ".avi", "avi")),
    (0, b"\0\0\1\xba", Foreign("an MPEG film", ".mpg", "mpeg")),
)
ADTS = Foreign("an AAC file", ".aac", "aac")


def is_known(file: BinaryIO) -> bool:
    """True if the file begins with one of the containers that are read here, perhaps after ID3 tags.

    Examples
    --------
    >>> import io
    >>> is_known(io.BytesIO(b"fLaC" + bytes(40))), is_known(io.BytesIO(b"<html>404: Not Found</html>"))
    (True, False)
    """
    head = _head(file)
    return not _is_adts(head) if _is_mpeg(head) else _marks(head) is not None


def demuxer(file: BinaryIO) -> str | None:
    """FFmpeg's name of one of the containers that are read here; None for another file, or if FFmpeg does not read it.

    Examples
    --------
    >>> import io
    >>> demuxer(io.BytesIO(b"fLaC" + bytes(40))), demuxer(io.BytesIO(b"dns." + bytes(40)))
    ('flac', None)
    """
    head = _head(file)
    if _is_mpeg(head):
        return None if _is_adts(head) else MPEG
    return MARKS.get(_marks(head) or ())


def _marks(head: bytes) -> Marks | None:
    """The marks with which a file begins."""
    return next((marks for marks in MARKS if all(head.startswith(mark, at) for at, mark in marks)), None)


def foreign(file: BinaryIO) -> Foreign | None:
    """Common format of a file that is not read here; None if the format is none of them.

    Examples
    --------
    >>> import io
    >>> foreign(io.BytesIO(b"\\0\\0\\0\\x20ftypM4A "))
    Foreign(name='an M4A, MP4 or 3GP file', suffix='.m4a', demuxer='mov')
    """
    head = _head(file)
    if _is_adts(head):
        return ADTS
    return next((known for at, mark, known in FOREIGN if head.startswith(mark, at)), None)


def _head(file: BinaryIO) -> bytes:
    """First bytes of a file, behind a byte-order mark or tags."""
    file.seek(0)
    head, position = file.read(len(BYTE_ORDER_MARK) + HEAD).removeprefix(BYTE_ORDER_MARK), 0
    for _ in range(MOST_TAGS):
        if not head.startswith(TAG):
            break
        size = 0
        for byte in head[TAG_HEADER - 4 : TAG_HEADER]:
            size = size << 7 | byte & 0x7F
        position += TAG_HEADER + size
        file.seek(position)
        head = file.read(HEAD)
    return head


def _is_mpeg(head: bytes) -> bool:
    """True if `head` begins with the eleven set bits of a frame of MPEG audio, and not as text in UTF-16."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] != 0xFE


def _is_adts(head: bytes) -> bool:
    """True for a stream of AAC, whose frames begin with twelve set bits and no layer."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0
