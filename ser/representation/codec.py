"""Features of an utterance's variants as bytes: what the cache keeps."""

import io
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def encoded(variants: Sequence[Any]) -> bytes:
    """Names, if the features have any, and one float32 array of all variants, `(n_variants, …)`.

    Each variant has features by name, or an array.
    """
    first = variants[0]
    names = tuple(first) if isinstance(first, Mapping) else ()
    rows = [list(one.values()) if isinstance(one, Mapping) else one for one in variants]
    content = io.BytesIO()
    np.save(content, np.frombuffer(_packed(names), np.uint8))
    np.save(content, np.array(rows, np.float32))
    return content.getvalue()


def decoded(content: bytes) -> list[Any]:
    """What was encoded; values have the precision of float32."""
    stream = io.BytesIO(content)
    names = _unpacked(np.load(stream, allow_pickle=False).tobytes())
    rows: Array = np.load(stream, allow_pickle=False)
    return [dict(zip(names, row.tolist(), strict=True)) for row in rows] if names else list(rows)


@lru_cache
def _packed(names: tuple[str, ...]) -> bytes:
    return zlib.compress("\n".join(names).encode())


@lru_cache
def _unpacked(packed: bytes) -> tuple[str, ...]:
    text = zlib.decompress(packed).decode()
    return tuple(text.split("\n")) if text else ()
