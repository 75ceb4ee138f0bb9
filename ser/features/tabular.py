"""Feature tables: one row an utterance, written a chunk at a time."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd

from ser import audio, compute
from ser.tables import KEYS, ORIGINAL

CHUNK = 256  # rows

Extractor = Callable[[audio.Waveform, int], dict[str, float]]
"""Waveform, `(n_samples,)`, and its sample rate in Hz -> column name to value."""


def feature_rows(
    utterances: pd.DataFrame, root: Path, extractor: Extractor, *, description: str, threads: bool = False
) -> Iterator[pd.DataFrame]:
    """Rows of the feature table of `extractor`, `CHUNK` at a time, in the order of `utterances`."""
    paths = [root / path for path in utterances["path"]]
    vectors = compute.parallel_map(
        partial(_features, extractor=extractor), paths, description=description, threads=threads
    )
    keys = utterances.assign(variant=ORIGINAL)[list(KEYS)]
    for start in range(0, len(keys), CHUNK):
        chunk = keys.iloc[start : start + CHUNK].reset_index(drop=True)
        features = pd.DataFrame([next(vectors) for _ in range(len(chunk))], dtype="float32")
        yield pd.concat([chunk, features], axis=1)


def combined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Features of both tables, one row an utterance and variant.

    Raises
    ------
    ValueError
        If they are not of the same utterances.
    """
    keys = list(KEYS)
    if not first[keys].equals(second[keys]):
        raise ValueError("the feature tables are of different utterances; extract both anew with: dvc repro combine")
    return pd.concat([first, second.drop(columns=keys)], axis=1)


def _features(path: Path, *, extractor: Extractor) -> dict[str, float]:
    recording = audio.read(path)
    return extractor(recording.waveform, recording.sample_rate)
