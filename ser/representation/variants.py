"""Work of one worker: decode some utterances, augment them, extract their features."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ser.audio import segments, waveforms
from ser.audio.augmentation import augmented
from ser.compute import code_digest

Features = TypeVar("Features")
Extractor = Callable[[Sequence[tuple[waveforms.Waveform, int]]], Sequence[Features]]
"""Waveforms, `(n_samples,)`, each with its sample rate in Hz -> features of each."""


class Sought(NamedTuple):
    """An utterance whose features are extracted.

    Examples
    --------
    >>> Sought("savee/DC/a01", "DC/a01.wav", audio_hash="5b0e", sample_rate=44_100).path
    'DC/a01.wav'
    """

    utterance: str
    path: str
    """Relative to the root of the corpus."""
    audio_hash: str
    sample_rate: int
    segment: segments.Segment | None = None


def features_of_variants(
    utterances: Sequence[Sought],
    *,
    root: Path,
    extractor: Extractor[Features],
    augmentation: Mapping[str, Any],
    modules: tuple[str, ...],
    libraries: tuple[str, ...],
    code: str,
) -> list[list[Features]]:
    """Features of each variant of each utterance, by `extractor`; the original comes first.

    Parameters
    ----------
    modules, libraries, code
        Modules and libraries that the values depend on, and their digest in the process that keeps the results.

    Raises
    ------
    ValueError
        If a recording is not the one that was ingested, or this process has other code.

    Examples
    --------
    >>> import soundfile
    >>> from tempfile import TemporaryDirectory
    >>> augmentation = {"name": "none", "seed": 0, "variants": {}}
    >>> options = {"modules": (), "libraries": (), "code": code_digest.digest((), ())}
    >>> with TemporaryDirectory() as folder:
    ...     soundfile.write(path := Path(folder, "a.wav"), [-0.5, 0.5] * 4000, 16_000)
    ...     sought = Sought("a", "a.wav", segments.read(path, None).audio_hash, 16_000)
    ...     peaks = lambda recordings: [float(waveform.max()) for waveform, sample_rate in recordings]
    ...     features_of_variants([sought], root=Path(folder), extractor=peaks, augmentation=augmentation, **options)
    [[0.5]]
    """
    if code_digest.digest(modules, libraries) != code:
        raise ValueError("this worker has another version of ser; install the one that the study runs on all workers")
    variants = [_variants(sought, root, augmentation) for sought in utterances]
    features = iter(extractor([recording for recordings in variants for recording in recordings]))
    return [[next(features) for _ in recordings] for recordings in variants]


def _variants(sought: Sought, root: Path, augmentation: Mapping[str, Any]) -> list[tuple[waveforms.Waveform, int]]:
    decoded = segments.read(root / sought.path, sought.segment)
    if decoded.audio_hash != sought.audio_hash:
        raise ValueError(f"{root / sought.path} is not the recording that was ingested; run: dvc repro")
    waveforms = augmented(decoded.waveform, decoded.sample_rate, utterance=sought.utterance, **augmentation)
    return [(waveform, decoded.sample_rate) for waveform in waveforms.values()]
