"""Descriptors of a waveform, frame by frame: one module each, of the name that conf/ uses.

All descriptors of a waveform share one short-time Fourier transform. Unless a module states another source, values are
those of librosa 0.11, each of whose functions is called on the waveform with its defaults.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ser.core import discovery
from ser.features.spectral.analysis import Analysis, Precision, Rows
from ser.features.spectral.descriptors.contract import Descriptor

DESCRIPTORS: Mapping[str, Descriptor] = discovery.Registry("ser.features.spectral.descriptors", "DESCRIPTOR")


def precision(names: Iterable[str]) -> Precision:
    """Precision of the transform that the descriptors `names` need.

    Examples
    --------
    >>> precision(["mfcc", "rms"])
    'single'
    >>> precision(["mfcc", "rms", "chroma"])
    'double'
    """
    return "single" if all(_known(name).is_smooth for name in names) else "double"


def described(analysis: Analysis, name: str, **settings: Any) -> tuple[str, Rows]:
    """Name of the column and values, `(n_rows, n_frames)`, of the descriptor `name`.

    Raises
    ------
    ValueError
        If there is no such descriptor.

    Examples
    --------
    >>> import numpy as np
    >>> analysis = Analysis(np.ones(8_000, np.float32), sample_rate=8_000, n_fft=512, hop_length=128)
    >>> name, values = described(analysis, "rms")
    >>> name, values.shape
    ('RMS', (1, 63))
    """
    descriptor = _known(name)
    return descriptor.column, descriptor.function(analysis, **settings)


def _known(name: str) -> Descriptor:
    if name not in DESCRIPTORS:
        raise ValueError(f"unknown descriptor {name!r} in conf/; it is one of {', '.join(DESCRIPTORS)}")
    return DESCRIPTORS[name]
