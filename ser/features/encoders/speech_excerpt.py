"""Part of a recording that an encoder is given."""

from ser.audio import waveforms
from ser.audio.excerpts import excerpt, speech_span

LEVEL_FRAME = 0.025  # seconds


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


def centred_on_speech(
    waveform: waveforms.Waveform, *, sample_rate: int, n_samples: int, depth: float
) -> waveforms.Waveform:
    """Part of a recording around the middle of its speech, `(n_samples,)`; zeros follow a shorter recording.

    Speech begins and ends with frames of 25 ms whose level is at most `depth` decibels below that of the loudest one.

    Examples
    --------
    >>> import numpy as np
    >>> recording = np.zeros(6_000, np.float32)
    >>> recording[4_000:4_400] = 1
    >>> centred_on_speech(recording, sample_rate=16_000, n_samples=1_200, depth=30.0).nonzero()[0][[0, -1]].tolist()
    [400, 799]
    """
    surplus = waveform.size - n_samples
    if surplus <= 0:
        return waveforms.fitted(waveform, n_samples)
    middle = sum(speech_span(waveform, round(LEVEL_FRAME * sample_rate), depth=depth)) // 2
    start = min(max(middle - n_samples // 2, 0), surplus)
    return waveform[start : start + n_samples]
