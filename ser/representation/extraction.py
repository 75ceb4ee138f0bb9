"""Extraction of all utterances and their augmented variants, on all cores, with a cache of results."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from ser.audio import segments, waveforms
from ser.audio.augmentation import variant_names
from ser.compute import cache, code_digest
from ser.compute.cached_map import computed
from ser.core import numba_cache
from ser.core.tables import KEYS
from ser.representation import codec
from ser.representation.variants import Extractor, Features, Sought, features_of_variants

NO_WEIGHTS: Mapping[str, str] = MappingProxyType({})


def one_by_one(function: Callable[[waveforms.Waveform, int], Features]) -> Extractor[Features]:
    """Extractor that calls a function of one waveform and its sample rate in Hz.

    Examples
    --------
    >>> peak = one_by_one(lambda waveform, sample_rate: {"Peak": float(waveform.max())})
    >>> peak([(np.array([0.25, 0.5], np.float32), 16_000)])
    [{'Peak': 0.5}]
    """
    return partial(_one_by_one, function)


def _one_by_one(
    function: Callable[[waveforms.Waveform, int], Features], recordings: Sequence[tuple[waveforms.Waveform, int]]
) -> list[Features]:
    return [function(waveform, sample_rate) for waveform, sample_rate in recordings]


def rows_of_variants(utterances: pd.DataFrame, augmentation: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of the features that `extracted` yields: utterance, variant, emotion.

    The utterances keep their order. The original of each comes first, then its variants in the order of `augmentation`.

    Raises
    ------
    ValueError
        If there is no such variant.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["1", "2"], "emotion": ["sad", "calm"]})
    >>> augmentation = {"name": "noise", "seed": 0, "variants": {"noise": {"sigma": 0.01}}}
    >>> rows_of_variants(utterances, augmentation)["variant"].tolist()
    ['original', 'noise', 'original', 'noise']
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
    weights: Mapping[str, str] = NO_WEIGHTS,
) -> Iterator[Features]:
    """Features of each variant of each utterance by `extractor`, in the order of `rows_of_variants`.

    Features that were extracted before from the same audio, with the same settings and code, come from the cache.

    Parameters
    ----------
    extractor
        A function of a module, or `functools.partial` of one, with settings that JSON can represent.
    libraries
        Distributions on whose versions the values depend, beside `ser.compute.code_digest.LIBRARIES`.
    weights
        Digests of the networks that the settings do not pin.

    Raises
    ------
    ValueError
        If a recording is not the one that was ingested, or `SER_COMPUTE` or `SER_CACHE_GB` is invalid.

    Examples
    --------
    >>> import soundfile
    >>> from tempfile import TemporaryDirectory
    >>> from unittest.mock import patch
    >>> from ser.audio import reading
    >>> peak = one_by_one(lambda waveform, sample_rate: {"Peak": float(waveform.max())})
    >>> options = {"augmentation": {"name": "none", "seed": 0, "variants": {}}, "description": "peak"}
    >>> with TemporaryDirectory() as folder, patch.dict("os.environ", SER_CACHE_GB="0"):  # no cache
    ...     soundfile.write(path := Path(folder, "a.wav"), [-0.5, 0.5] * 4000, 16_000)
    ...     facts = {"utterance": "a", "path": "a.wav", "audio_hash": reading.read(path).audio_hash}
    ...     list(extracted(pd.DataFrame([{**facts, "sample_rate": 16_000}]), Path(folder), peak, **options))
    [{'Peak': 0.5}]
    """
    numba_cache.ensure()
    identity, needed = _identity(extractor)
    modules = tuple(sorted({*needed, features_of_variants.__module__}))
    code = code_digest.digest(modules, libraries)
    checked: dict[str, Any] = {"modules": modules, "libraries": libraries, "code": code}
    here = root.resolve()  # a worker may be in another folder
    function = partial(features_of_variants, root=here, extractor=extractor, augmentation=augmentation, **checked)
    key = partial(_key, augmentation=augmentation, work=(identity, code, *sorted(weights.items())))
    return _features(function, _sought(utterances), key, description=description, threads=threads)


def _features(
    function: Callable[[Sequence[Sought]], list[list[Features]]],
    sought: list[Sought],
    key: Callable[[Sought], str],
    *,
    description: str,
    threads: bool,
) -> Iterator[Features]:
    features = computed(
        function,
        sought,
        keys=lambda items: list(map(key, items)),
        encoded=codec.encoded,
        decoded=codec.decoded,
        description=description,
        threads=threads,
    )
    return chain.from_iterable(features)


def _sought(utterances: pd.DataFrame) -> list[Sought]:
    facts = (utterances[column] for column in ("utterance", "path", "audio_hash", "sample_rate"))
    return list(map(Sought, *facts, segments.of_rows(utterances)))


def _key(sought: Sought, *, augmentation: Mapping[str, Any], work: Sequence[Any]) -> str:
    # The random draws of variants depend on the id of the utterance; the original does not.
    variants = (augmentation, sought.utterance) if augmentation["variants"] else ()
    return cache.key(work, variants, sought.audio_hash, sought.sample_rate)


def _identity(function: Callable[..., Any]) -> tuple[list[Any], set[str]]:
    """Names and settings that identify a function, and the modules that it consists of."""
    if isinstance(function, partial):
        parts = [_identity(part) if callable(part) else (part, set()) for part in (function.func, *function.args)]
        names = [name for name, _ in parts]
        return [*names, function.keywords], set().union(*(modules for _, modules in parts))
    return [function.__module__, function.__qualname__], {function.__module__}
