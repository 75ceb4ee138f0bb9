"""Level, silence and pitch of one recording."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ser.audio.pitch import HOP, fundamental
from ser.audio.waveforms import Waveform

BLOCK = 0.01  # seconds
SILENT = 40.0  # decibel below the loudest block
N_FLAT = 3  # equal samples in a row; rare in a waveform that is not clipped
NEARLY_FULL = 10 ** (-1 / 20)  # 1 dB below full scale; allows for small changes of level after clipping
LOWEST, HIGHEST = 5, 95  # percentiles of the voiced frames; most octave errors lie outside
VALUES = (
    *("peak_dbfs", "rms_dbfs", "n_clipped", "leading_silence", "trailing_silence", "silence_share"),
    *("voiced_share", "f0_median", "f0_low", "f0_high"),
)


def measurements(waveform: Waveform, sample_rate: int) -> dict[str, float]:
    """Level, clipping, silence and pitch of a recording, under the names `VALUES`.

    - `peak_dbfs`, `rms_dbfs`: level relative to full scale, which is amplitude 1, in decibel. A sine of amplitude 1 has
      an RMS of -3.01 dBFS, digital silence minus infinity.
    - `n_clipped`: number of clipped samples (see `n_clipped`).
    - `leading_silence`, `trailing_silence` in seconds, `silence_share`: blocks of 10 ms whose RMS is more than 40 dB
      below that of the loudest block. Digital silence is both leading and trailing.
    - `voiced_share`: share of the non-silent frames that have a fundamental frequency (F0).
    - `f0_median`, `f0_low`, `f0_high`: median, 5th and 95th percentile of F0 in Hz over these frames; NaN without any.
      Silent frames are left out because background hum has a pitch, too.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at least one sample.
    sample_rate
        Hz.

    Examples
    --------
    >>> sine = np.sin(2 * np.pi * 200 * np.arange(8000) / 16000).astype(np.float32)
    >>> found = measurements(sine, 16000)
    >>> round(found["peak_dbfs"], 1), round(found["rms_dbfs"], 1), found["silence_share"], found["voiced_share"]
    (0.0, -3.0, 0.0, 1.0)
    """
    leading, trailing, share = silence(waveform, sample_rate)
    frequency = _frequency_of_sound(waveform, sample_rate)
    voiced = frequency[~np.isnan(frequency)]
    low, median, high = np.percentile(voiced, [LOWEST, 50, HIGHEST]) if voiced.size else [np.nan] * 3
    values = (
        decibels_of_full_scale(np.abs(waveform).max()),
        decibels_of_full_scale(np.sqrt(np.mean(np.square(waveform, dtype=np.float64)))),
        n_clipped(waveform),
        *(leading, trailing, share),
        *(voiced.size / max(frequency.size, 1), median, low, high),
    )
    return {name: float(value) for name, value in zip(VALUES, values, strict=True)}


def decibels_of_full_scale(amplitude: float | np.floating[Any]) -> float:
    """Level of an amplitude in dBFS: 0 for amplitude 1, minus infinity for 0.

    Examples
    --------
    >>> round(decibels_of_full_scale(0.5), 2)
    -6.02
    """
    return float(20 * np.log10(amplitude)) if amplitude > 0 else -np.inf


def n_clipped(waveform: Waveform) -> int:
    """Number of clipped samples: those in a run of at least 3 equal samples within 1 dB of full scale.

    Examples
    --------
    >>> n_clipped(np.array([0.5, 1, 1, 1, 0.5, 0.5, 0.5], np.float32))
    3
    """
    same = np.concatenate([[False], np.diff(waveform) == 0, [False]])  # True where a sample equals the one before it
    starts, ends = (np.flatnonzero(edge) for edge in (~same[:-1] & same[1:], same[:-1] & ~same[1:]))
    lengths = ends - starts + 1
    flat = (lengths >= N_FLAT) & (np.abs(waveform[starts]) >= NEARLY_FULL)
    return int(lengths[flat].sum())


def silence(waveform: Waveform, sample_rate: int) -> tuple[float, float, float]:
    """Seconds of silence at the start and at the end, and the share of silence; the resolution is 10 ms.

    A block of 10 ms is silent if its RMS is more than 40 dB below that of the loudest block.

    Examples
    --------
    >>> sound = np.repeat(np.array([0, 0.5, 0], np.float32), [1600, 4800, 3200])
    >>> [round(float(value), 2) for value in silence(sound, 16000)]
    [0.1, 0.2, 0.5]
    """
    starts, loud = _blocks(waveform, sample_rate)
    n_samples = np.diff([*starts, waveform.size])
    if not loud.any():
        return waveform.size / sample_rate, waveform.size / sample_rate, 1.0
    first, last = np.flatnonzero(loud)[[0, -1]]
    leading, trailing = n_samples[:first].sum(), n_samples[last + 1 :].sum()
    return leading / sample_rate, trailing / sample_rate, float(n_samples[~loud].sum()) / waveform.size


def _blocks(waveform: Waveform, sample_rate: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """First sample of each block of 10 ms, and True for each block that is not silent; the last may be shorter."""
    power = np.square(waveform, dtype=np.float64)
    starts = np.arange(0, power.size, max(1, round(BLOCK * sample_rate)))
    mean = np.add.reduceat(power, starts) / np.diff([*starts, power.size])
    return starts, (mean > 0) & (mean >= mean.max() * 10 ** (-SILENT / 10))


def _frequency_of_sound(waveform: Waveform, sample_rate: int) -> npt.NDArray[np.float64]:
    """Fundamental frequency of the frames whose centre lies in a block that is not silent, `(n_frames,)`."""
    starts, loud = _blocks(waveform, sample_rate)
    if not loud.any():
        return np.empty(0)
    first, last = np.flatnonzero(loud)[[0, -1]]
    end = waveform.size if last + 1 == starts.size else starts[last + 1]
    sound = waveform[starts[first] : end]  # leaving out the outer silence saves time
    frequency = fundamental(sound, sample_rate)
    centre = starts[first] + np.arange(frequency.size) * HOP * sample_rate
    block = np.searchsorted(starts, centre, side="right") - 1
    of_sound: npt.NDArray[np.float64] = frequency[loud[block]]
    return of_sound
