"""Every utterance's audio, and its augmented variants, through one extractor, on all cores; nothing is done twice."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ser.audio import waveforms
from ser.audio.augmentation import variant_names
from ser.compute import cache, code_digest
from ser.compute.cached_map import computed
from ser.core.tables import KEYS
from ser.representation import codec
from ser.representation.variants import Extractor, Features, Sought, features_of_variants


def one_by_one(function: Callable[[waveforms.Waveform, int], Features]) -> Extractor[Features]:
    """Extractor by a function of one waveform and its sample rate in Hz."""
    return partial(_one_by_one, function)


def _one_by_one(
    function: Callable[[waveforms.Waveform, int], Features], recordings: Sequence[tuple[waveforms.Waveform, int]]
) -> list[Features]:
    return [function(waveform, sample_rate) for waveform, sample_rate in recordings]


def rows_of_variants(utterances: pd.DataFrame, augmentation: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of what `extracted` yields: utterance, variant, emotion.

    Utterances are in their order; of each comes the original first, then its variants as `augmentation` names them.

    Raises
    ------
    ValueError
        If there is no such variant.
    """
    variants = variant_names(**augmentation)
    rows = utterances.iloc[np.repeat(np.arange(len(utterances)), len(variants))].reset_index(drop=True)
    return rows.assign(variant=np.tile(variants, len(utterances)))[list(KEYS)]


def extracted(
    utterances: pd.DataFrame,
    root: Path,
    extractor: Extractor[Features],
    *,
    augmentation: Mapping[str, Any],
    description: str,
    threads: bool = False,
    libraries: tuple[str, ...] = (),
) -> Iterator[Features]:
    """What `extractor` makes of each variant of each utterance, in the order of `rows_of_variants`.

    An utterance is decoded once, and its variants are made of it where and when it is extracted. What was extracted
    before, of the same audio with the same settings and the same code, comes from the cache.

    Parameters
    ----------
    extractor
        A function of a module, or `functools.partial` of one, with settings that json can hold.
    libraries
        Distributions, beside those of `ser.compute.code_digest.LIBRARIES`, on whose versions its values hang.

    Raises
    ------
    ValueError
        If a recording is not the one that was ingested, or `SER_COMPUTE` or `SER_CACHE_GB` is no setting.
    """
    identity, needed = _identity(extractor)
    modules = tuple(sorted({*needed, features_of_variants.__module__}))
    code = code_digest.digest(modules, libraries)
    function = partial(
        features_of_variants,
        root=root.resolve(),  # a worker may be in another folder
        extractor=extractor,
        augmentation=augmentation,
        modules=modules,
        libraries=libraries,
        code=code,
    )
    columns = (utterances[column] for column in Sought._fields)
    key = partial(_key, augmentation=augmentation, work=(identity, code))
    features = computed(
        function,
        list(map(Sought, *columns)),
        keys=lambda items: list(map(key, items)),
        encoded=codec.encoded,
        decoded=codec.decoded,
        description=description,
        threads=threads,
    )
    return chain.from_iterable(features)


def _key(sought: Sought, *, augmentation: Mapping[str, Any], work: Sequence[Any]) -> str:
    # An utterance's id decides on the draws of its variants, and on nothing of the original.
    variants = (augmentation, sought.utterance) if augmentation["variants"] else ()
    return cache.key(work, variants, sought.audio_hash, sought.sample_rate)


def _identity(function: Callable[..., Any]) -> tuple[list[Any], set[str]]:
    """What names a function and the settings that were given to it; and the modules that it is made of."""
    if isinstance(function, partial):
        parts = [_identity(part) if callable(part) else (part, set()) for part in (function.func, *function.args)]
        names = [name for name, _ in parts]
        return [*names, function.keywords], set().union(*(modules for _, modules in parts))
    return [function.__module__, function.__qualname__], {function.__module__}
