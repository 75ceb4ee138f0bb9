"""Extraction of a representation for every utterance and variant, into a table or an array."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import tables
from ser.features.definition import Definition
from ser.representation import arrays
from ser.representation.extraction import extracted, one_by_one, rows_of_variants
from ser.representation.tabular import feature_rows


def write(
    definition: Definition,
    settings: Mapping[str, Any],
    path: Path,
    *,
    utterances: pd.DataFrame,
    root: Path,
    augmentation: Mapping[str, Any],
    description: str,
) -> None:
    """Extract a representation, and write it to `path`: a file for a table, a folder for an array.

    Parameters
    ----------
    settings, augmentation
        Settings of the representation and of the variants, as conf/ has them.
    root
        Folder of the corpus.
    description
        Label of the progress bar.

    Raises
    ------
    ValueError
        If something that the representation needs is not available, or a recording is not the one that was ingested.

    Examples
    --------
    >>> import soundfile
    >>> from tempfile import TemporaryDirectory
    >>> from unittest.mock import patch
    >>> from ser.audio import reading
    >>> peak = Definition(lambda waveform, sample_rate: {"Peak": float(waveform.max())})
    >>> options = {"augmentation": {"name": "none", "seed": 0, "variants": {}}, "description": "peak"}
    >>> with TemporaryDirectory() as folder, patch.dict("os.environ", SER_CACHE_GB="0"):  # no cache
    ...     root, path = Path(folder), Path(folder, "features.csv")
    ...     soundfile.write(root / "a.wav", [-0.5, 0.5] * 4000, 16_000)
    ...     facts = {"path": "a.wav", "audio_hash": reading.read(root / "a.wav").audio_hash, "sample_rate": 16_000}
    ...     utterances = pd.DataFrame([{"utterance": "a", "emotion": "sad", **facts}])
    ...     write(peak, {}, path, utterances=utterances, root=root, **options)
    ...     path.read_text().split()
    ['utterance,variant,emotion,Peak', 'a,original,sad,0.5']
    """
    prepared = definition.prepared(settings)
    options: dict[str, Any] = {
        "augmentation": augmentation,
        "description": description,
        "threads": definition.is_threaded,
        "libraries": definition.libraries,
        "weights": definition.weights(settings) if definition.weights else {},
    }
    extractor = prepared.batch_function or one_by_one(prepared.function)
    if definition.time_axis is None:
        tables.write_parts(feature_rows(utterances, root, extractor, **options), path)
    else:
        values = extracted(utterances, root, extractor, **options)
        arrays.write(path, rows_of_variants(utterances, augmentation), values)
