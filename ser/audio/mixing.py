"""One channel from several, without what spoils features: cancellation of channels, and a constant offset."""

import numpy as np
import numpy.typing as npt

from ser.audio.waveforms import Waveform, mono

CANCELLED = 0.1
"""Energy of the sum of channels, relative to the sum of their energies, below which they cancel each other: 0 for
opposite channels, 1 for unrelated channels or a single live one, the number of channels for equal ones."""
OFFSET = 0.05
"""Mean of a waveform, relative to its standard deviation, above which it has a constant offset. The recordings of
RAVDESS, EmoDB, CREMA-D and TESS stay below 0.041; those of SAVEE reach 0.98."""
MIN_DURATION = 0.5  # seconds; the mean of a shorter recording is a part of its lowest tones
SAME_LEVEL = 0.99  # of the energy of the loudest channel; the first of equally loud channels is taken
NEGLIGIBLE = 1e-10  # energy around the mean, relative to all energy, that may be due to rounding


class Mixer:
    """Mean of the channels; the louder channel if they cancel each other; without a constant offset.

    A recording may come in pieces. Each piece is judged by all samples so far.

    Parameters
    ----------
    sample_rate
        Hz.

    Examples
    --------
    >>> tone = np.sin(np.arange(8000, dtype=np.float32))
    >>> mixer = Mixer(8000)
    >>> bool((mixer(np.column_stack([tone, -tone])) == tone).all()), mixer.notes
    (True, ['channels of opposite sign: channel 1, the louder one, is taken'])
    >>> mixer = Mixer(8000)
    >>> mixer.add(tone[:, np.newaxis] + 1)
    >>> bool(abs(mixer.mixed(tone[:10, np.newaxis] + 1) - tone[:10]).max() < 0.001)
    True
    """

    def __init__(self, sample_rate: int) -> None:
        self.notes: list[str] = []
        """Changes of the recording so far, in words."""
        self._min_samples = MIN_DURATION * sample_rate
        self._n_samples = 0
        self._sums: npt.NDArray[np.float64] = np.zeros(0)  # of each channel, and of the sum of several
        self._energies: npt.NDArray[np.float64] = np.zeros(0)  # likewise, of the squares

    def __call__(self, samples: npt.NDArray[np.float32]) -> Waveform:
        """Waveform of the next piece, `(n_samples, n_channels)` -> `(n_samples,)`."""
        self.add(samples)
        return self.mixed(samples)

    def mixed(self, samples: npt.NDArray[np.float32]) -> Waveform:
        """Waveform of a part that was added before, judged by all samples so far."""
        with np.errstate(over="ignore", invalid="ignore"):  # samples that are not finite are refused later
            channel = self._louder_of_opposite() if samples.shape[1] > 1 else None
            waveform = mono(samples if channel is None else samples[:, [channel]])
            offset = self._offset(channel, samples.shape[1])
            return waveform - np.float32(offset) if offset else waveform

    def add(self, samples: npt.NDArray[np.float32]) -> None:
        """Take the next piece, `(n_samples, n_channels)`, into account."""
        with np.errstate(over="ignore", invalid="ignore"):
            self._add(samples)

    def _add(self, samples: npt.NDArray[np.float32]) -> None:
        columns = list(samples.T.astype(np.float64))  # in double precision at once: five times as fast
        if len(columns) > 1:
            columns.append(np.sum(columns, axis=0))
        sums, energies = np.array([[column.sum(), column @ column] for column in columns]).T
        first = not self._n_samples
        self._n_samples += len(samples)
        self._sums = sums if first else self._sums + sums
        self._energies = energies if first else self._energies + energies

    def _variations(self) -> npt.NDArray[np.float64]:
        """Energies around the means."""
        found = self._energies - self._sums**2 / max(self._n_samples, 1)
        return np.where(found > NEGLIGIBLE * self._energies, found, 0)

    def _louder_of_opposite(self) -> int | None:
        """Number of the loudest channel, from 0, if the channels cancel each other; else None."""
        *channels, together = self._variations()
        if not together < CANCELLED * sum(channels):
            return None
        loudest = int(np.argmax(np.array(channels) > SAME_LEVEL * max(channels)))
        self._note(f"channels of opposite sign: channel {loudest + 1}, the louder one, is taken")
        return loudest

    def _offset(self, channel: int | None, n_channels: int) -> float:
        """Constant offset of a channel, or of the mean of the channels; 0 if it is small."""
        column, scale = (-1, n_channels) if channel is None else (channel, 1)
        if self._n_samples < self._min_samples:
            return 0.0
        mean = self._sums[column] / self._n_samples
        deviation = np.sqrt(self._variations()[column] / self._n_samples)
        if not abs(mean) > OFFSET * deviation > 0:
            return 0.0
        self._note("a constant offset is removed")
        return float(mean / scale)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
