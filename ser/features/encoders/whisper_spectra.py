"""Input of Whisper's encoder: log-mel spectra of 25 ms every 10 ms, of the recording alone, or padded to 30 s."""

from functools import cache

import numpy as np
import numpy.typing as npt

from ser.features.spectral.scales import hann, mel_filters

Array = npt.NDArray[np.float32]

SAMPLE_RATE = 16_000  # Hz
N_FFT, HOP_LENGTH = 400, 160  # samples
LEAST_POWER = 1e-10
RANGE = 8.0  # decades of power below the highest band of the recording; lower ones are raised to this limit


def log_mel_spectra(waveform: Array, *, n_mels: int = 80, n_samples: int | None = None) -> Array:
    """Logarithm of the power in each mel band, scaled to about [-1, 1], `(n_mels, n_frames)`.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at 16 kHz.
    n_mels
        Bands; 128 for Whisper large-v3, 80 for the others.
    n_samples
        Samples to which zeros pad the waveform; 480,000 for Whisper's own input. None: no padding, but a waveform
        shorter than one window is padded to it.

    Returns
    -------
    array
        With one frame for each 160 samples; an incomplete frame does not count.

    Examples
    --------
    >>> log_mel_spectra(np.zeros(SAMPLE_RATE, np.float32)).shape
    (80, 100)

    References
    ----------
    .. [1] OpenAI (2022), whisper/audio.py in github.com/openai/whisper, MIT licence.
    """
    whole = np.pad(waveform, (0, max(0, (n_samples or N_FFT) - waveform.size)))
    centred = np.pad(whole, N_FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(centred, N_FFT)[: whole.size // HOP_LENGTH * HOP_LENGTH]
    spectrum = np.fft.rfft(frames[::HOP_LENGTH] * hann(N_FFT), axis=1)  # in double precision, for a range of 8 decades
    power = spectrum.real**2 + spectrum.imag**2
    level = np.log10(np.maximum(_filters(n_mels) @ power.T, LEAST_POWER))
    return np.asarray((np.maximum(level, level.max() - RANGE) + 4) / 4, np.float32)


@cache
def _filters(n_mels: int) -> npt.NDArray[np.float64]:
    return mel_filters(SAMPLE_RATE, N_FFT, n_mels, fmax=None).astype(np.float64)
