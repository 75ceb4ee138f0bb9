"""Part of a recording that an encoder is given."""

from ser.audio import waveforms
from ser.audio.excerpts import excerpt


def encodable(
    waveform: waveforms.Waveform,
    recorded_rate: int,
    *,
    sample_rate: int,
    max_duration: float,
    limit: float,
    section: str,
) -> waveforms.Waveform:
    """First `max_duration` seconds of a waveform, at `sample_rate` Hz.

    Parameters
    ----------
    limit
        Duration of the longest waveform that the encoder takes, in seconds.
    section
        Section of `params.yaml` that has `max_duration`, for the message.

    Raises
    ------
    ValueError
        If `max_duration` is above `limit`.

    Examples
    --------
    >>> import numpy as np
    >>> second = np.zeros(16_000, np.float32)
    >>> encodable(second, 16_000, sample_rate=8000, max_duration=0.5, limit=30, section="whisper.settings").shape
    (4000,)
    """
    if max_duration > limit:
        raise ValueError(
            f"{section}.max_duration is {max_duration} s, and the encoder takes {limit} s at most; choose"
            f" -S {section}.max_duration={limit}"
        )
    return excerpt(waveform, recorded_rate, sample_rate=sample_rate, duration=max_duration)
