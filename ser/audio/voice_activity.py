"""Voice activity: the probability that a waveform contains speech, by the network of Silero's detector."""

import numpy as np

from ser.audio import silero, waveforms

N_CHUNKS = 5  # 0.16 s, about a syllable; less is a click, a plucked string or a slammed door
THRESHOLD = 0.5  # Silero's default
PEAK = 0.5  # peak of the scaled waveform, full scale is 1; quiet recordings need it


def speech_probability(waveform: waveforms.Waveform, recorded_rate: int) -> float:
    """Probability of at least 0.16 s of speech, not necessarily in one piece, 0 to 1.

    It is the fifth highest probability of the chunks. Later chunks are skipped once five have reached 0.5.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.

    Examples
    --------
    >>> speech_probability(np.zeros(16_000, np.float32), 16_000)
    0.0
    """
    peak = float(np.abs(waveform).max(initial=0))
    if peak == 0:
        return 0.0
    at_rate = waveforms.resampled(waveform, sample_rate=recorded_rate, target=silero.SAMPLE_RATE)
    scaled = (at_rate * np.float64(PEAK / peak)).astype(np.float32)
    found = np.zeros(0, np.float32)
    for block in silero.probabilities(scaled):
        found = np.concatenate([found, block])
        spoken = np.flatnonzero(found >= THRESHOLD)
        if spoken.size >= N_CHUNKS:
            found = found[: spoken[N_CHUNKS - 1] + 1]
            break
    return float(np.sort(found)[-N_CHUNKS]) if found.size >= N_CHUNKS else 0.0
