"""One level for all recordings, because the recorded level depends on the microphone."""

import numpy as np

from ser.audio.waveforms import Waveform, framed

FRAME = 0.025  # seconds
LOUD = 90  # percentile of the levels of the frames, which is the level of a recording
LEAST = 1e-4  # relative to full scale; a quieter recording is noise, and gets the gain of this level


def at_level(waveform: Waveform, sample_rate: int, level: float) -> Waveform:
    """Waveform whose loud frames have a root mean square amplitude of `level`, in decibels relative to full scale.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`.
    sample_rate
        Hz.

    Examples
    --------
    >>> at_level(np.full(16_000, 0.5, np.float32), 16_000, -20.0)[0].round(4)
    np.float32(0.1)
    """
    length = min(round(FRAME * sample_rate), waveform.size)
    if not length:
        return waveform
    found = float(np.percentile(np.sqrt(np.mean(framed(waveform, length) ** 2, axis=1)), LOUD))
    scaled: Waveform = waveform * np.float32(10 ** (level / 20) / max(found, LEAST))
    return scaled
