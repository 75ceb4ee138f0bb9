"""Features of the variants of an utterance as bytes, for the cache."""

import io
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def encoded(variants: Sequence[Any]) -> bytes:
    """Bytes of the names of the features, if they have names, and of one float32 array, `(n_variants, …)`.

    Each variant has features by name, or an array.

    Raises
    ------
    ValueError
        If the variants have different features, or arrays of different shapes.

    Examples
    --------
    >>> decoded(encoded([{"RMS": 0.25, "Pitch": 110.0}]))
    [{'RMS': 0.25, 'Pitch': 110.0}]
    """
    first = variants[0]
    names = tuple(first) if isinstance(first, Mapping) else ()
    rows = [in_order(one, names) for one in variants] if names else variants
    if unlike := [np.shape(row) for row in rows if np.shape(row) != np.shape(rows[0])]:
        raise ValueError(f"a variant of a recording has an array of shape {unlike[0]}; wanted {np.shape(rows[0])}")
    content = io.BytesIO()
    np.save(content, np.frombuffer(_packed(names), np.uint8))
    np.save(content, np.array(rows, np.float32))
    return content.getvalue()


def decoded(content: bytes) -> list[Any]:
    """Features of each variant, as they were encoded; values have the precision of float32.

    Examples
    --------
    >>> [row.tolist() for row in decoded(encoded([np.zeros(2), np.ones(2)]))]
    [[0.0, 0.0], [1.0, 1.0]]
    """
    stream = io.BytesIO(content)
    names = _unpacked(np.load(stream, allow_pickle=False).tobytes())
    rows: Array = np.load(stream, allow_pickle=False)
    return [dict(zip(names, row.tolist(), strict=True)) for row in rows] if names else list(rows)


def in_order(features: Mapping[str, float], names: Sequence[str]) -> list[float]:
    """Values of features in the order of `names`.

    Raises
    ------
    ValueError
        If the features are others.

    Examples
    --------
    >>> in_order({"Pitch": 110.0, "RMS": 0.25}, ["RMS", "Pitch"])
    [0.25, 110.0]
    >>> in_order({"RMS": 0.25}, ["RMS", "Pitch"])
    Traceback (most recent call last):
    ValueError: the representation has other features for this recording than for those before it: Pitch
    """
    if list(features) == list(names):  # as a rule, and faster
        return list(features.values())
    if other := sorted({*features} ^ {*names}):
        raise ValueError(
            f"the representation has other features for this recording than for those before it: {', '.join(other)}"
        )
    return [features[name] for name in names]


@lru_cache
def _packed(names: tuple[str, ...]) -> bytes:
    return zlib.compress("\n".join(names).encode())


@lru_cache
def _unpacked(packed: bytes) -> tuple[str, ...]:
    text = zlib.decompress(packed).decode()
    return tuple(text.split("\n")) if text else ()
