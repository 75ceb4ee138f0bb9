"""What YAMNet's network hears, around the speech of an utterance: the representation `yamnet_bands`."""

import numpy as np

from ser.audio import waveforms
from ser.audio.excerpts import excerpt
from ser.features.yamnet.patches import OFFSET, SAMPLE_RATE, WINDOW_LENGTH, Array, log_mel_spectra

NEPERS = np.log(10) / 20  # a decibel's
LEVEL_FRAME = 400  # samples: 25 ms
LOUD = 90  # per cent of an utterance's frames are not as loud as those whose level is set
LEAST_LEVEL = 1e-4  # of full scale: what is not as loud is noise, and stays quiet


def yamnet_bands(
    waveform: Array, recorded_rate: int, *, name: str, max_duration: float, n_frames: int, depth: float, level: float
) -> Array:
    """YAMNet's log-mel spectra of the frames around the middle of the speech, `(64, n_frames)`.

    All utterances are made equally loud: how loud a voice is recorded tells of the microphone, and YAMNet does not
    hear what is faint. Speech begins and ends with frames whose level is at most `depth` below that of the loudest.
    What is beyond the recording's ends is silence.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz.
    name
        Of the setting.
    max_duration
        Seconds from the recording's start, beyond which nothing is heard.
    n_frames
        Of 10 ms each.
    depth
        Decibels; the level of a frame is the mean of its bands'.
    level
        Decibels relative to full scale, of the 90th percentile of the levels of 25 ms.
    """
    at_rate = excerpt(waveform, recorded_rate, sample_rate=SAMPLE_RATE, duration=max_duration)
    whole = waveforms.fitted(at_rate, max(at_rate.size, WINDOW_LENGTH))
    spectra = log_mel_spectra(whole * np.float32(10 ** (level / 20) / max(_loudness(whole), LEAST_LEVEL)))
    start = _middle_of_speech(spectra, depth=depth * NEPERS) - n_frames // 2
    heard = spectra[:, max(start, 0) : start + n_frames]
    before = max(-start, 0)
    after = n_frames - before - heard.shape[1]
    padded = np.pad(heard, ((0, 0), (before, after)), constant_values=np.log(OFFSET))
    return np.asarray(padded, np.float32)  # of a waveform in double precision, too


def _loudness(waveform: Array) -> float:
    """Root mean square of the loud parts."""
    frames = waveform[: waveform.size // LEVEL_FRAME * LEVEL_FRAME].reshape(-1, LEVEL_FRAME)
    return float(np.percentile(np.sqrt(np.mean(frames.astype(np.float64) ** 2, axis=1)), LOUD))


def _middle_of_speech(spectra: Array, *, depth: float) -> int:
    """Frame halfway between the first and the last that are speech."""
    level = spectra.mean(axis=0)
    speech = np.flatnonzero(level > level.max() - depth)
    return int(speech[0] + speech[-1] + 1) // 2
