"""YAMNet's log-mel spectra around the speech of an utterance: the representation `yamnet_bands`."""

import numpy as np

from ser.audio import waveforms
from ser.audio.excerpts import excerpt
from ser.audio.levels import at_level
from ser.features.definition import Definition
from ser.features.yamnet.patches import OFFSET, SAMPLE_RATE, WINDOW_LENGTH, Array, log_mel_spectra

NEPERS = np.log(10) / 20  # in one decibel


def yamnet_bands(
    waveform: Array, recorded_rate: int, *, name: str, max_duration: float, n_frames: int, depth: float, level: float
) -> Array:
    """YAMNet's log-mel spectra of the frames around the middle of the speech, `(64, n_frames)`.

    All utterances get the same level, because the recorded level depends on the microphone, and YAMNet does not use
    faint sounds. Speech begins and ends with frames whose level is at most `depth` below that of the loudest frame.
    Before and after the recording there is silence.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.
    name
        Name of the settings.
    max_duration
        Seconds from the start of the recording; the rest is not used.
    n_frames
        Frames of 10 ms.
    depth
        Decibels; the level of a frame is the mean of its bands.
    level
        Decibels relative to full scale, of the 90th percentile of the levels of 25 ms.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16_000).astype(np.float32)
    >>> settings = {"max_duration": 10.0, "n_frames": 256, "depth": 30.0, "level": -10.0}
    >>> yamnet_bands(noise, 16_000, name="speech_256", **settings).shape
    (64, 256)
    """
    at_rate = excerpt(waveform, recorded_rate, sample_rate=SAMPLE_RATE, duration=max_duration)
    whole = waveforms.fitted(at_rate, max(at_rate.size, WINDOW_LENGTH))
    spectra = log_mel_spectra(at_level(whole, SAMPLE_RATE, level))
    start = _middle_of_speech(spectra, depth=depth * NEPERS) - n_frames // 2
    kept = spectra[:, max(start, 0) : start + n_frames]
    before = max(-start, 0)
    after = n_frames - before - kept.shape[1]
    padded = np.pad(kept, ((0, 0), (before, after)), constant_values=np.log(OFFSET))
    return np.asarray(padded, np.float32)  # also for a waveform in double precision


def _middle_of_speech(spectra: Array, *, depth: float) -> int:
    """Frame halfway between the first and the last frame of speech."""
    level = spectra.mean(axis=0)
    speech = np.flatnonzero(level > level.max() - depth)
    return int(speech[0] + speech[-1] + 1) // 2


REPRESENTATION = Definition(yamnet_bands, time_axis=2, is_scaled=True)
