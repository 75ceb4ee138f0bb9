"""The first seconds of a waveform, at the rate of the analysis."""

from math import ceil

from ser.audio import waveforms

MARGIN = 0.1  # seconds; longer than the resampler's filter, so that a cut before resampling changes nothing


def excerpt(
    waveform: waveforms.Waveform, recorded_rate: int, *, sample_rate: int, duration: float
) -> waveforms.Waveform:
    """First `duration` seconds of a waveform at `recorded_rate` Hz, resampled to `sample_rate` Hz."""
    head = waveform[: ceil((duration + MARGIN) * recorded_rate)]
    return waveforms.resampled(head, sample_rate=recorded_rate, target=sample_rate)[: round(duration * sample_rate)]
