"""Fundamental frequency of the voice over time, by probabilistic YIN.

Comparison with Praat's autocorrelation on 60 utterances of RAVDESS, without silence: share of the frames that both find
voiced and that differ by more than 20 %, and share of the utterances whose medians differ by more than a semitone.

========================================  ======  ==========
method                                    frames  utterances
========================================  ======  ==========
these settings                             1.5 %         5 %
pYIN with librosa's 22,050 Hz and 93 ms      5 %        17 %
plain YIN, in a fortieth of the time         8 %        17 %
strongest spectral peak                     71 %       100 %
========================================  ======  ==========

References
----------
.. [1] Mauch and Dixon (2014), pYIN: a fundamental frequency estimator using probabilistic threshold distributions,
   ICASSP.
"""

import librosa
import numpy as np
import numpy.typing as npt

from ser.audio import waveforms

SAMPLE_RATE = 8_000  # Hz of the resampled waveform, enough for the harmonics that define the period
FRAME_LENGTH = 512  # samples, 64 ms, nearly four periods of the lowest voice
HOP_LENGTH = 128  # samples
HOP = HOP_LENGTH / SAMPLE_RATE  # seconds, 16 ms
FMIN, FMAX = 60.0, 600.0  # Hz, from a low man's voice to a woman's scream
RESOLUTION = 0.1  # semitones; with 0.25, a quarter of the voiced frames is missed


def fundamental(waveform: waveforms.Waveform, recorded_rate: int) -> npt.NDArray[np.float64]:
    """Fundamental frequency in Hz every 16 ms, `(n_frames,)`; NaN in frames without voice, so in all of a silence.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.

    Examples
    --------
    >>> import librosa, numpy as np
    >>> f0 = fundamental(librosa.tone(220, sr=16_000, duration=0.5), 16_000)
    >>> round(float(np.nanmedian(f0)))
    220
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
