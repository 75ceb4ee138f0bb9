"""Compact acoustic fingerprint of a recording: equal, nearly, for copies of it, and for nothing else that was said."""

import numpy as np
import numpy.typing as npt

from ser.audio import waveforms
from ser.features.spectral.analysis import Analysis

Array = npt.NDArray[np.float32]

SAMPLE_RATE = 8000  # Hz: what a copy of lower rate, or of few bits, has kept
N_FFT = 1024  # samples, 128 ms: harmonics are resolved, and by them two takes of one sentence differ
HOP_LENGTH = 160  # samples, 20 ms: a sixth of the frame, so that copies need not begin on the same sample
BEYOND = 4  # frames at either end that are not wholly inside the recording
N_BANDS = 48
HIGHEST = 3400.0  # Hz; telephone speech and MP3 of few bits end there
LEAST_CHANGE = 0.3  # dB, root mean square; recordings of RAVDESS and EmoDB have 0.85 to 3.9, a steady tone 0.1
RANGE = 40.0  # decibels below the loudest band, under which is noise of the room and of the encoder


def fingerprint(waveform: waveforms.Waveform, recorded_rate: int) -> Array:
    """How much more each mel band rises than the one below it, from frame to frame, `(N_BANDS - 1, n_differences)`, dB.

    Differences over bands and frames know nothing of the level, nor of a filter that does not change; silence is zero.
    Frames that reach beyond the ends are left out: where a recording is cut says nothing of what is in it. Less than
    0.24 s, and what hardly changes, as a steady tone, cannot be known again: their fingerprint is that of silence.

    References
    ----------
    .. [1] Haitsma and Kalker (2002), A highly robust audio fingerprinting system, ISMIR: the sign of this difference.
    """
    at_rate = waveforms.resampled(waveform, sample_rate=recorded_rate, target=SAMPLE_RATE)
    analysis = Analysis(at_rate, sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, precision="single")
    power = analysis.mel(N_BANDS, HIGHEST)
    floor = power.max() * 10 ** (-RANGE / 10)
    level = 10 * np.log10(np.maximum(power, max(floor, np.finfo(np.float32).tiny)))
    change = np.diff(np.diff(level, axis=0), axis=1)[:, BEYOND:-BEYOND].astype(np.float32)
    if change.size == 0:
        return np.zeros((N_BANDS - 1, 1), np.float32)
    return change if np.sqrt(np.mean(change**2)) >= LEAST_CHANGE else np.zeros_like(change)
