"""Descriptors of a waveform, frame by frame: one module each, of the name that conf/ uses.

All descriptors of a waveform share one short-time Fourier transform. Unless a module states another source, values are
those of librosa 0.11, each of whose functions is called on the waveform with its defaults.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ser.core import discovery
from ser.core.file_checks import Invalid, shown
from ser.features import settings as of_functions
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


def check(entries: Sequence[Mapping[str, Any]], functionals: Collection[str] = ()) -> None:
    """Check the entries of the setting `descriptors`.

    Parameters
    ----------
    functionals
        Names, of which each entry has one or more. Empty: the entries have no functionals.

    Raises
    ------
    ValueError
        If there is no entry, or one has an unknown name or functional, or wrong settings, or two entries have a
        functional of the same descriptor: their columns would have the same names.

    Examples
    --------
    >>> check([{"name": "rms", "functionals": ["mean"]}], functionals=["mean", "std"])
    >>> check([{"name": "loudness"}])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: unknown descriptor 'loudness' in conf/; it is one of ...
    """
    if not entries:
        raise Invalid("settings.descriptors is empty; wanted one or more")
    columns: set[tuple[str, str]] = set()  # descriptor and functional
    for k, entry in enumerate(entries):
        path, own = f"settings.descriptors.{k}", dict(entry)
        name, chosen = own.pop("name", None), own.pop("functionals", ()) if functionals else ()
        if not isinstance(name, str):
            raise Invalid(f"{path}.name is {shown(name)}; wanted one of {', '.join(DESCRIPTORS)}")
        known = [one for one in chosen if one in list(functionals)] if isinstance(chosen, list) else None
        if functionals and (not known or known != chosen):
            raise Invalid(f"{path}.functionals is {shown(chosen)}; wanted a list of {', '.join(functionals)}")
        of_functions.check(_known(name).function, own, path=path)
        if twice := columns & {(name, one) for one in chosen}:
            found = ", ".join(sorted(functional for _, functional in twice))
            raise Invalid(f"{path} has the {found} of {name}, as an earlier entry has; wanted each once: remove one")
        columns |= {(name, one) for one in chosen}


def _known(name: str) -> Descriptor:
    if name not in DESCRIPTORS:
        raise ValueError(f"unknown descriptor {name!r} in conf/; it is one of {', '.join(DESCRIPTORS)}")
    return DESCRIPTORS[name]
