"""First seconds of a waveform, at the sample rate of the analysis."""

from math import ceil

from ser.audio import waveforms

MARGIN = 0.1  # seconds; longer than the resampler's filter, so that cutting before resampling changes no value


def excerpt(
    waveform: waveforms.Waveform, recorded_rate: int, *, sample_rate: int, duration: float
) -> waveforms.Waveform:
    """First `duration` seconds of a waveform at `recorded_rate` Hz, resampled to `sample_rate` Hz.

    Examples
    --------
    >>> import numpy as np
    >>> excerpt(np.zeros(96_000, np.float32), 48_000, sample_rate=16_000, duration=1.5).shape
    (24000,)
    """
    head = waveform[: ceil((duration + MARGIN) * recorded_rate)]
    return waveforms.resampled(head, sample_rate=recorded_rate, target=sample_rate)[: round(duration * sample_rate)]
