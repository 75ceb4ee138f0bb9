"""Level, silence and pitch of one recording."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ser.audio.pitch import HOP, fundamental
from ser.audio.waveforms import Waveform

BLOCK = 0.01  # seconds
SILENT = 40.0  # decibel below the loudest block
N_FLAT = 3  # equal samples in a row, that a waveform has where it was cut off, and hardly elsewhere
NEARLY_FULL = 10 ** (-1 / 20)  # of full scale: what is cut off lies above, even after small changes of level
LOWEST, HIGHEST = 5, 95  # per cent of the voiced frames: beyond lie most errors of an octave
VALUES = (
    *("peak_dbfs", "rms_dbfs", "n_clipped", "leading_silence", "trailing_silence", "silence_share"),
    *("voiced_share", "f0_median", "f0_low", "f0_high"),
)


def description(waveform: Waveform, sample_rate: int) -> dict[str, float]:
    """What can be measured of a recording, by the names `VALUES`.

    - `peak_dbfs`, `rms_dbfs`: decibel below full scale, which is the amplitude 1: a sine of amplitude 1 has an RMS of
      -3.01 dBFS. Digital silence has minus infinity.
    - `n_clipped`: samples in a row of at least 3 equal ones, within 1 dB of full scale.
    - `leading_silence`, `trailing_silence` (seconds), `silence_share`: of blocks of 10 ms whose RMS is more than 40 dB
      below the loudest block's. All of digital silence is both leading and trailing.
    - `voiced_share`: of what is not silent, that which has a fundamental frequency; its median, 5th and 95th
      percentile, in Hz: `f0_median`, `f0_low`, `f0_high`, which are NaN where there is none. Silence is left out, since
      the hum in it has a pitch, too.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at least one.
    sample_rate
        Hz.
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
    """Level of an amplitude, 0 for 1; minus infinity for 0."""
    return float(20 * np.log10(amplitude)) if amplitude > 0 else -np.inf


def n_clipped(waveform: Waveform) -> int:
    """Samples in a row of at least 3 equal ones, within 1 dB of full scale."""
    same = np.concatenate([[False], np.diff(waveform) == 0, [False]])  # as the sample before, of each and of the end
    starts, ends = (np.flatnonzero(edge) for edge in (~same[:-1] & same[1:], same[:-1] & ~same[1:]))
    lengths = ends - starts + 1
    flat = (lengths >= N_FLAT) & (np.abs(waveform[starts]) >= NEARLY_FULL)
    return int(lengths[flat].sum())


def silence(waveform: Waveform, sample_rate: int) -> tuple[float, float, float]:
    """Seconds of silence at the start and at the end, and the share of silence in all; to within 10 ms.

    A block of 10 ms is silent if its RMS is more than 40 dB below that of the loudest one.
    """
    starts, loud = _blocks(waveform, sample_rate)
    n_samples = np.diff([*starts, waveform.size])
    if not loud.any():
        return waveform.size / sample_rate, waveform.size / sample_rate, 1.0
    first, last = np.flatnonzero(loud)[[0, -1]]
    leading, trailing = n_samples[:first].sum(), n_samples[last + 1 :].sum()
    return leading / sample_rate, trailing / sample_rate, float(n_samples[~loud].sum()) / waveform.size


def _blocks(waveform: Waveform, sample_rate: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """First sample of each block of 10 ms, of which the last may be shorter, and whether it is not silent."""
    power = np.square(waveform, dtype=np.float64)
    starts = np.arange(0, power.size, max(1, round(BLOCK * sample_rate)))
    mean = np.add.reduceat(power, starts) / np.diff([*starts, power.size])
    return starts, (mean > 0) & (mean >= mean.max() * 10 ** (-SILENT / 10))


def _frequency_of_sound(waveform: Waveform, sample_rate: int) -> npt.NDArray[np.float64]:
    """Fundamental frequency of the frames whose middle is in a block that is not silent, `(n_frames,)`."""
    starts, loud = _blocks(waveform, sample_rate)
    if not loud.any():
        return np.empty(0)
    first, last = np.flatnonzero(loud)[[0, -1]]
    end = waveform.size if last + 1 == starts.size else starts[last + 1]
    sound = waveform[starts[first] : end]  # the pauses around it would take time
    frequency = fundamental(sound, sample_rate)
    middle = starts[first] + np.arange(frequency.size) * HOP * sample_rate
    block = np.searchsorted(starts, middle, side="right") - 1
    of_sound: npt.NDArray[np.float64] = frequency[loud[block]]
    return of_sound
