"""Fundamental frequency of the voice over time, by probabilistic YIN.

Compared with Praat's autocorrelation on 60 utterances of RAVDESS, without silence, 1.5 % of the frames that both hear
a voice in differ by more than 20 %, and 5 % of the utterances' medians by more than a semitone. Plain YIN, in a
fortieth of the time: 8 % and 17 %. With pYIN's defaults (22,050 Hz, 93 ms frames): 5 % and 17 %. The strongest
spectral peak: 71 % and all.

References
----------
.. [1] Mauch and Dixon (2014), pYIN: a fundamental frequency estimator using probabilistic threshold distributions,
   ICASSP.
"""

import librosa
import numpy as np
import numpy.typing as npt

from ser.audio import waveforms

SAMPLE_RATE = 8_000  # Hz, to which the waveform is resampled: enough for the harmonics that tell a period
FRAME_LENGTH = 512  # samples, 64 ms: nearly four periods of the lowest voice
HOP_LENGTH = 128  # samples
HOP = HOP_LENGTH / SAMPLE_RATE  # seconds, 16 ms
FMIN, FMAX = 60.0, 600.0  # Hz, from a low man's voice to a woman's scream
RESOLUTION = 0.1  # semitones: at 0.25, a quarter of the voiced frames is missed


def fundamental(waveform: waveforms.Waveform, recorded_rate: int) -> npt.NDArray[np.float64]:
    """Hz of every 16 ms, `(n_frames,)`; NaN where there is no voice, as in all of a silence.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.
    """
    at_rate = waveforms.resampled(waveform, sample_rate=recorded_rate, target=SAMPLE_RATE)
    at_rate = at_rate - at_rate.mean()
    if not at_rate.any():
        return np.full(1 + at_rate.size // HOP_LENGTH, np.nan)
    frequency, _, _ = librosa.pyin(
        at_rate,
        fmin=FMIN,
        fmax=FMAX,
        sr=SAMPLE_RATE,
        frame_length=FRAME_LENGTH,
        hop_length=HOP_LENGTH,
        resolution=RESOLUTION,
    )
    return np.asarray(frequency, np.float64)
