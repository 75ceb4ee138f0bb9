"""WAV files whose chunks libsndfile does not read, although their meaning is clear."""

import struct
from typing import NamedTuple

from ser.audio import containers

HEAD = 12  # bytes: RIFF, size, WAVE
KEPT = (b"fmt ", b"fact")  # chunks that decoding needs, beside the samples
MOST_CHUNKS = 10_000  # of one file; a stranger's could have millions of empty ones, which take memory and time


class Chunk(NamedTuple):
    """A chunk: its name, its declared size, and its bytes, which may be fewer.

    Examples
    --------
    >>> Chunk(b"data", 4, b"\\1\\0").name
    b'data'
    """

    name: bytes
    size: int
    content: bytes


def mended(file: bytes) -> bytes | None:
    """The same samples as a plain WAV file: `fmt` first, then `data`; None for a file that is not WAV.

    A byte-order mark before the file, a missing pad byte behind a chunk of odd size, chunks in another order, and a
    size of 0 before samples, as a recorder leaves it that is stopped before it writes the size, are mended.

    Raises
    ------
    ValueError
        If the chunks have no meaning, or several, or are too many.

    Examples
    --------
    >>> form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    >>> file = b"RIFF" + struct.pack("<I", 40) + b"WAVE" + b"data" + struct.pack("<I", 2) + b"\\1\\0" + form
    >>> mended(file)[12:].index(form)
    0
    """
    plain = file.removeprefix(containers.BYTE_ORDER_MARK)
    if plain[:4] != b"RIFF" or plain[8:HEAD] != b"WAVE":
        return plain if len(plain) < len(file) else None
    chunks = _chunks(plain)
    names = [chunk.name for chunk in chunks]
    if b"RIFF" in names:
        raise ValueError("two WAV files, one behind the other")
    forms = {chunk.content for chunk in chunks if chunk.name == b"fmt "}
    if not forms:
        raise ValueError("a WAV file without a description of its samples (chunk fmt)")
    if len(forms) > 1:
        raise ValueError(f"a WAV file with {len(forms)} descriptions of its samples (chunk fmt), instead of one")
    of_samples = [chunk for chunk in chunks if chunk.name == b"data"]
    if not of_samples:
        raise ValueError("a WAV file without samples (chunk data)")
    samples = [chunk for chunk in of_samples if chunk.content] or of_samples[:1]
    if len(samples) > 1:
        sizes = " and ".join(str(chunk.size) for chunk in samples)
        raise ValueError(f"a WAV file with {len(samples)} chunks of samples (data), of {sizes} bytes, instead of one")
    kept = {chunk.name: chunk for chunk in chunks if chunk.name in KEPT}
    body = b"WAVE" + b"".join(_written(kept[name]) for name in KEPT if name in kept) + _written(samples[0])
    return b"RIFF" + struct.pack("<I", min(len(body), 2**32 - 1)) + body


def _chunks(file: bytes) -> list[Chunk]:
    """Chunks of a WAV file, as far as there are names."""
    chunks: list[Chunk] = []
    position = HEAD
    while _is_name(file[position : position + 4]) and position + 8 <= len(file):
        if len(chunks) == MOST_CHUNKS:
            raise ValueError(f"a WAV file of more than {MOST_CHUNKS} chunks")
        (size,) = struct.unpack_from("<I", file, position + 4)
        name, start = file[position : position + 4], position + 8
        if name == b"data" and not size and not _is_name(file[start : start + 4]):
            size = len(file) - start  # what follows is no chunk, so it is samples
        end = start + size
        chunks.append(Chunk(name, size, file[start:end]))
        position = end + (size % 2 if not _is_name(file[end : end + 4]) else 0)
    return chunks


def _is_name(letters: bytes) -> bool:
    return len(letters) == 4 and all(0x20 <= letter < 0x7F for letter in letters)


def _written(chunk: Chunk) -> bytes:
    pad = b"\0" * (chunk.size % 2 if len(chunk.content) == chunk.size else 0)
    return chunk.name + struct.pack("<I", chunk.size) + chunk.content + pad
