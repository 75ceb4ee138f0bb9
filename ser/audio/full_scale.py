"""Samples on another scale than 1, as integers that were stored as floats.

Ingest and prediction check this, where recordings come in. Whatever reads a recording later reads one that was checked.
"""

from ser.audio.invalid import REPLACE, InvalidAudio, Kind
from ser.audio.waveforms import Waveform

LOUDEST = 128.0
"""Largest sample, 42 dB above full scale. Gain that nothing limited explains a peak of 2, even of 10, but none so high.
Speech on the scale of 16-bit integers exceeds it, unless its peak is below -48 dB."""


def peak(waveform: Waveform) -> float:
    """Largest magnitude of a sample; 0 without samples.

    Examples
    --------
    >>> import numpy as np
    >>> peak(np.array([0.0, -0.5], np.float32))
    0.5
    """
    return max(float(waveform.max()), -float(waveform.min())) if waveform.size else 0.0


def check(waveform: Waveform) -> None:
    """Raise `InvalidAudio` if a sample is larger than `LOUDEST`.

    Examples
    --------
    >>> import numpy as np
    >>> check(np.array([0.0, 1.5], np.float32))
    >>> check(np.array([0.0, -3e4], np.float32))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.audio.invalid.InvalidAudio: samples of up to 3e+04, and full scale is 1; if they are integers, ...
    """
    if (highest := peak(waveform)) > LOUDEST:
        remedy = f"if they are integers, divide them by their full scale, as {2**15} of 16 bit; else {REPLACE}"
        raise InvalidAudio(Kind.TOO_LOUD, f"samples of up to {highest:.3g}, and full scale is 1", remedy)
