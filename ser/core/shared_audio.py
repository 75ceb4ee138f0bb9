"""Utterances that share samples: those of equal audio, and segments of one recording that overlap."""

from collections.abc import Mapping
from math import inf

import pandas as pd


def groups(utterances: pd.DataFrame) -> pd.Series:
    """Group of each utterance, named by an audio hash; utterances of two groups share no sample.

    A segment that overlaps two others brings these into one group.

    Parameters
    ----------
    utterances
        Column audio_hash; of segments also path, start and end in seconds.

    Returns
    -------
    Series
        Group of each row, with the index of `utterances`.

    Examples
    --------
    >>> rows = pd.DataFrame({"audio_hash": ["p", "q", "r"], "path": "long.wav"})
    >>> groups(rows.assign(start=[0, 1.5, 3], end=[2, 2.5, None])).tolist()
    ['p', 'p', 'r']
    >>> groups(rows).tolist()
    ['p', 'q', 'r']
    """
    hashes = utterances["audio_hash"]
    if "start" not in utterances:
        return hashes
    parent: dict[str, str] = {}
    spans = zip(utterances["path"], utterances["start"].fillna(0.0), utterances["end"].fillna(inf), hashes, strict=True)
    recording, last, leader = "", -inf, ""
    for path, start, end, name in sorted(spans):
        if path == recording and start < last:
            first, second = sorted((_top(leader, parent), _top(name, parent)))
            parent[second] = first
            last = max(last, end)
        else:
            recording, last, leader = path, end, name
    return hashes.map(lambda name: _top(name, parent))


def _top(name: str, parent: Mapping[str, str]) -> str:
    while (above := parent.get(name, name)) != name:
        name = above
    return name
