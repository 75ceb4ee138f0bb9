"""Feature tables: one row for each utterance and variant, a chunk at a time."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import tables
from ser.representation import codec
from ser.representation.extraction import NO_WEIGHTS, extracted, rows_of_variants
from ser.representation.variants import Extractor

CHUNK = 256  # rows of a chunk

NO_AUGMENTATION: Mapping[str, Any] = {"name": "none", "seed": 0, "variants": {}}


def feature_rows(
    utterances: pd.DataFrame,
    root: Path,
    extractor: Extractor[dict[str, float]],
    *,
    augmentation: Mapping[str, Any] = NO_AUGMENTATION,
    description: str,
    threads: bool = False,
    libraries: tuple[str, ...] = (),
    weights: Mapping[str, str] = NO_WEIGHTS,
) -> Iterator[pd.DataFrame]:
    """Rows of the feature table of `extractor`, which returns column name -> value, `CHUNK` at a time.

    They are in the order of `rows_of_variants`: the original of each utterance comes first.

    Raises
    ------
    ValueError
        If there is no such variant, a feature must not have its name, or a recording has other features than the first.

    Examples
    --------
    >>> import soundfile
    >>> from tempfile import TemporaryDirectory
    >>> from unittest.mock import patch
    >>> from ser.audio import reading
    >>> from ser.representation.extraction import one_by_one
    >>> peak = one_by_one(lambda waveform, sample_rate: {"Peak": float(waveform.max())})
    >>> with TemporaryDirectory() as folder, patch.dict("os.environ", SER_CACHE_GB="0"):  # no cache
    ...     soundfile.write(path := Path(folder, "a.wav"), [-0.5, 0.5] * 4000, 16_000)
    ...     facts = {"utterance": "a", "emotion": "sad", "path": "a.wav", "audio_hash": reading.read(path).audio_hash}
    ...     utterances = pd.DataFrame([{**facts, "sample_rate": 16_000}])
    ...     (rows,) = feature_rows(utterances, Path(folder), peak, description="peak")
    >>> rows.to_dict("records")
    [{'utterance': 'a', 'variant': 'original', 'emotion': 'sad', 'Peak': 0.5}]
    """
    keys = rows_of_variants(utterances, augmentation)
    vectors = extracted(
        utterances,
        root,
        extractor,
        augmentation=augmentation,
        description=description,
        threads=threads,
        libraries=libraries,
        weights=weights,
    )
    names: list[str] = []
    for start in range(0, len(keys), CHUNK):
        chunk = keys.iloc[start : start + CHUNK].reset_index(drop=True)
        values = []
        for utterance, vector in zip(chunk["utterance"], islice(vectors, len(chunk)), strict=True):
            names = names or list(vector)
            values.append(_in_order(vector, names, utterance))
        rows = pd.concat([chunk, pd.DataFrame(values, columns=names, dtype="float32")], axis=1)
        tables.check_features(rows.columns)
        yield rows


def _in_order(vector: dict[str, float], names: list[str], utterance: str) -> list[float]:
    try:
        return codec.in_order(vector, names)
    except ValueError as error:
        raise ValueError(f"{utterance}: {error}") from None
