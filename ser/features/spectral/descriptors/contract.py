"""Definition of a descriptor, as each module of this package states it in its variable `DESCRIPTOR`."""

from collections.abc import Callable
from dataclasses import dataclass

from ser.features.spectral.analysis import Rows


@dataclass(frozen=True)
class Descriptor:
    """A descriptor: the function that computes it, and its name in tables.

    Examples
    --------
    >>> descriptor = Descriptor("RMS", lambda analysis: abs(analysis.waveform[None]), is_smooth=True)
    >>> descriptor.column
    'RMS'
    """

    column: str
    """Name of the column; a descriptor of several rows has `<column>_1`, `<column>_2`, …"""
    function: Callable[..., Rows]
    """`Analysis` of a waveform, settings of conf/ as keywords -> values, `(n_rows, n_frames)`."""
    is_smooth: bool = False
    """True: rounding errors of the spectrum stay small. False: they grow, because the descriptor chooses between
    values, or divides by values that may be almost 0; so it needs a transform in double precision."""
