"""Other recording conditions: a waveform as another voice, room, microphone or line would have delivered it.

Every change is drawn at random, and is left out in some draws, so that a model is trained on many combinations. Noise,
rooms and filters are synthesised; no other recording is needed.

References
----------
.. [1] Ko, Peddinti, Povey and Khudanpur (2015), Audio augmentation for speech recognition, Interspeech.
.. [2] Polack (1988), La transmission de l'énergie sonore dans les salles, thesis: decaying noise as the response of a
   room.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from ser.audio.waveforms import Waveform, framed

Spectrum = npt.NDArray[np.complex128]

CENTRES = (60, 150, 350, 800, 1800, 4000, 8000)  # Hz, between which the gain of a filter is interpolated by octaves
REVERBERATION = (0.15, 0.8)  # seconds in which the sound of a room falls by 60 dB
DIRECT = (-2.0, 12.0)  # decibels of the direct sound above the sound of the room
LOWEST = (20.0, 300.0)  # Hz, of a band
HIGHEST = (3200.0, 8000.0)  # Hz, of a band
SLOPES = np.array([0.0, 1.0, 2.0])  # of noise: its power falls with this power of the frequency (white, pink, brown)
LEVEL_FRAME = 0.02  # seconds; the level of speech is that of the louder two thirds of its frames
LEAST = 1e-12  # power of silence


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Shares of the draws, and sizes, of the changes that `other_conditions` makes.

    Examples
    --------
    >>> Conditions(max_speed=0.15, room=0.3, min_snr=5.0, noise=0.5, max_gain=10.0, band=0.2).room
    0.3
    """

    max_speed: float
    """The speed, and with it the pitch, changes by up to this share, in half of the draws."""
    room: float
    """Share of the draws that add a room."""
    min_snr: float
    """Decibels of speech above noise, at least; at most 30 more."""
    noise: float
    """Share of the draws that add noise."""
    max_gain: float
    """Decibels by which the filter of a microphone raises or lowers a frequency at most."""
    band: float
    """Share of the draws that limit the band."""


def other_conditions(waveform: Waveform, sample_rate: int, random: np.random.Generator, **settings: float) -> Waveform:
    """Change speed, room, noise, microphone and band, in this order, `(n_samples / speed,)`.

    Parameters
    ----------
    settings
        Fields of `Conditions`.

    Examples
    --------
    >>> settings = {"max_speed": 0.0, "room": 0.0, "min_snr": 5.0, "noise": 0.0, "max_gain": 0.0, "band": 0.0}
    >>> random = np.random.default_rng(0)
    >>> tone = np.sin(np.arange(4000, dtype=np.float32) / 5)
    >>> bool(np.allclose(other_conditions(tone, 16_000, random, **settings), tone, atol=1e-6))
    True
    """
    own = Conditions(**settings)
    if own.max_speed and random.random() < 0.5:
        speed = random.uniform(1 - own.max_speed, 1 + own.max_speed)
        waveform = soxr.resample(waveform, sample_rate * speed, sample_rate)
    if random.random() < own.room:
        waveform = in_room(waveform, sample_rate, random)
    if random.random() < own.noise:
        waveform = with_noise(waveform, sample_rate, random, snr=random.uniform(own.min_snr, own.min_snr + 30))
    waveform = filtered(waveform, sample_rate, random.uniform(-own.max_gain, own.max_gain, len(CENTRES)))
    if random.random() < own.band:
        waveform = limited(waveform, sample_rate, random.uniform(*LOWEST), random.uniform(*HIGHEST))
    return np.asarray(waveform, np.float32)


def in_room(waveform: Waveform, sample_rate: int, random: np.random.Generator) -> Waveform:
    """Waveform with the sound of a room: the direct sound, and noise that decays exponentially [2]_.

    Examples
    --------
    >>> impulse = np.zeros(16_000, np.float32)
    >>> impulse[0] = 1
    >>> response = in_room(impulse, 16_000, np.random.default_rng(0))
    >>> float(response[0]), bool((response[8000:] ** 2).sum() < (response[1:8000] ** 2).sum())
    (1.0, True)
    """
    reverberation = random.uniform(*REVERBERATION)
    time = np.arange(1, round(reverberation * sample_rate)) / sample_rate
    tail = random.standard_normal(time.size) * 10 ** (-3 * time / reverberation)
    tail *= np.sqrt(10 ** (-random.uniform(*DIRECT) / 10) / (tail @ tail))
    response = np.concatenate([[1.0], tail])
    from scipy.signal import fftconvolve  # slow to import, in every worker of an extraction without this condition

    return np.asarray(fftconvolve(waveform.astype(np.float64), response)[: waveform.size], np.float32)


def with_noise(waveform: Waveform, sample_rate: int, random: np.random.Generator, *, snr: float) -> Waveform:
    """Waveform with white, pink or brown noise, `snr` decibels below the speech, `(n_samples,)`.

    Examples
    --------
    >>> tone = np.sin(np.arange(16_000, dtype=np.float32))
    >>> noisy = with_noise(tone, 16_000, np.random.default_rng(0), snr=10)
    >>> round(float(10 * np.log10(np.mean(tone**2) / np.mean((noisy - tone) ** 2))), 1)
    10.0
    """
    spectrum = np.fft.rfft(random.standard_normal(waveform.size))
    below = np.maximum(np.arange(spectrum.size), 1) ** (random.choice(SLOPES) / 2)
    noise = np.fft.irfft(spectrum / below, waveform.size)
    scale = np.sqrt(speech_power(waveform, sample_rate) * 10 ** (-snr / 10) / max(float(np.mean(noise**2)), LEAST))
    return np.asarray(waveform + scale * noise, np.float32)


def speech_power(waveform: Waveform, sample_rate: int) -> float:
    """Mean power of the louder two thirds of the frames of 20 ms, so that pauses do not count.

    Examples
    --------
    >>> speech_power(np.array([0.0] * 320 + [1.0] * 640, np.float32), 16_000)
    1.0
    """
    length = round(LEVEL_FRAME * sample_rate)
    frames = framed(waveform, length)
    if not len(frames):
        return float(np.mean(waveform.astype(np.float64) ** 2)) if waveform.size else LEAST
    power = np.sort(np.mean(frames**2, axis=1))
    return max(float(power[len(frames) // 3 :].mean()), LEAST)


def filtered(waveform: Waveform, sample_rate: int, gains: npt.NDArray[np.float64]) -> Waveform:
    """Waveform with `gains` in decibels at `CENTRES`, between which they change evenly by octaves, `(n_samples,)`.

    Examples
    --------
    >>> impulse = np.eye(1, 1600, dtype=np.float32)[0]
    >>> round(float(filtered(impulse, 16_000, np.full(7, 20.0))[0]), 3)
    10.0
    """
    frequency = np.maximum(np.fft.rfftfreq(waveform.size, 1 / sample_rate), 1)
    gain = np.interp(np.log2(frequency), np.log2(CENTRES), gains)
    return _multiplied(waveform, 10 ** (gain / 20))


def limited(waveform: Waveform, sample_rate: int, lowest: float, highest: float) -> Waveform:
    """Waveform whose frequencies outside a band in Hz are weaker, by 3 dB at its ends, `(n_samples,)`.

    Examples
    --------
    >>> impulse = np.eye(1, 1600, dtype=np.float32)[0]
    >>> spectrum = np.abs(np.fft.rfft(limited(impulse, 16_000, 300, 3400)))
    >>> [round(float(spectrum[bin]), 2) for bin in (30, 100, 340)]  # 300, 1000 and 3400 Hz
    [0.71, 1.0, 0.71]
    """
    frequency = np.fft.rfftfreq(waveform.size, 1 / sample_rate)
    low = 1 / np.sqrt(1 + (lowest / np.maximum(frequency, 1e-3)) ** 8)  # Butterworth filters of order 4 and 6
    high = 1 / np.sqrt(1 + (frequency / highest) ** 12)
    return _multiplied(waveform, low * high)


def _multiplied(waveform: Waveform, gain: npt.NDArray[np.float64]) -> Waveform:
    """Waveform whose spectrum is multiplied by a gain for each of its frequencies."""
    if waveform.size < 2:
        return waveform
    return np.asarray(np.fft.irfft(np.fft.rfft(waveform) * gain, waveform.size), np.float32)
