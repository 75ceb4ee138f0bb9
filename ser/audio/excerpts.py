"""Parts of a waveform: its first seconds, at the sample rate of the analysis, and the part with speech."""

from math import ceil

import numpy as np

from ser.audio import waveforms

MARGIN = 0.1  # seconds; longer than the resampler's filter, so that cutting before resampling changes no value
LEVEL_FRAME = 0.02  # seconds
DEPTH = 35.0  # decibels below the loudest frame, down to which a frame counts as speech
AROUND = 0.3  # seconds that are kept before and after the speech


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


def around_speech(waveform: waveforms.Waveform, sample_rate: int) -> waveforms.Waveform:
    """Part of a waveform from 0.3 s before its first loud frame to 0.3 s after its last one.

    A frame of 20 ms is loud if its level is at most 35 dB below that of the loudest frame. So the silence around the
    speech, whose length depends on the recording, changes no feature. Noise of a similar level as the speech is kept.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`.
    sample_rate
        Hz.

    Examples
    --------
    >>> silence, speech = np.zeros(16_000, np.float32), np.ones(8_000, np.float32)
    >>> around_speech(np.concatenate([silence, speech, silence]), 16_000).size / 16_000
    1.1
    """
    start, end = speech_span(waveform, round(LEVEL_FRAME * sample_rate), depth=DEPTH)
    kept = round(AROUND * sample_rate)
    return waveform[max(0, start - kept) : end + kept]


def speech_span(waveform: waveforms.Waveform, length: int, *, depth: float) -> tuple[int, int]:
    """First sample of the first loud frame, and the sample after the last one.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`; one that is shorter than a frame is loud as a whole.
    length
        Samples of a frame.
    depth
        Decibels below the loudest frame, down to which a frame is loud.

    Examples
    --------
    >>> speech_span(np.array([0, 0, 1, 1, 0, 1, 0, 0], np.float32), 2, depth=20.0)
    (2, 6)
    """
    frames = waveforms.framed(waveform, length)
    if not len(frames):
        return 0, waveform.size
    power = np.einsum("ij,ij->i", frames, frames)
    loud = np.flatnonzero(power >= power.max() * 10 ** (-depth / 10))
    return int(loud[0]) * length, (int(loud[-1]) + 1) * length
