"""Every utterance's audio, and its augmented variants, through one function, on all cores."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from ser import audio, compute
from ser.augmentation import augmented, variant_names
from ser.tables import KEYS

Features = TypeVar("Features")
Extractor = Callable[[audio.Waveform, int], Features]
"""Waveform, `(n_samples,)`, and its sample rate in Hz -> its features."""


def rows_of_variants(utterances: pd.DataFrame, augmentation: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of what `extracted` yields: utterance, variant, emotion.

    Utterances are in their order; of each comes the original first, then its variants as `augmentation` names them.

    Raises
    ------
    ValueError
        If there is no such variant.
    """
    variants = variant_names(**augmentation)
    rows = utterances.loc[utterances.index.repeat(len(variants))].reset_index(drop=True)
    return rows.assign(variant=np.tile(variants, len(utterances)))[list(KEYS)]


def extracted(
    utterances: pd.DataFrame,
    root: Path,
    extractor: Extractor[Features],
    *,
    augmentation: Mapping[str, Any],
    description: str,
    threads: bool = False,
) -> Iterator[Features]:
    """What `extractor` makes of each variant of each utterance, in the order of `rows_of_variants`.

    An utterance is decoded once, and its variants are made of it where and when it is extracted: no process holds more
    than those of one.
    """
    function = partial(_of_variants, root=root, extractor=extractor, augmentation=augmentation)
    recordings = list(zip(utterances["utterance"], utterances["path"], strict=True))
    return chain.from_iterable(compute.parallel_map(function, recordings, description=description, threads=threads))


def _of_variants(
    recording: tuple[str, str], *, root: Path, extractor: Extractor[Features], augmentation: Mapping[str, Any]
) -> list[Features]:
    utterance, path = recording
    decoded = audio.read(root / path)
    waveforms = augmented(decoded.waveform, decoded.sample_rate, utterance=utterance, **augmentation)
    return [extractor(waveform, decoded.sample_rate) for waveform in waveforms.values()]
