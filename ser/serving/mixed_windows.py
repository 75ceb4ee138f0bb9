"""Windows of live sound of several channels, mixed when a window is complete: judged by all sound up to then."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from ser.audio.mixing import Mixer
from ser.serving import inputs
from ser.serving.windows import Window, Windows

Samples = npt.NDArray[np.float32]


class MixedWindows:
    """Windows of `duration` seconds, one every `hop` seconds, of sound that arrives in pieces.

    Parameters
    ----------
    sample_rate
        Hz.

    Raises
    ------
    ValueError
        If `hop` is not positive, or longer than `duration`.

    Examples
    --------
    >>> windows = MixedWindows(1, duration=3, hop=1)
    >>> sound = windows.counted(np.array([[0.0, 1.0]] * 4, np.float32))
    >>> [(window.start, window.waveform.tolist()) for window in windows.add(sound)]
    [(0.0, [0.5, 0.5, 0.5]), (1.0, [0.5, 0.5, 0.5])]
    """

    def __init__(self, sample_rate: int, *, duration: float, hop: float) -> None:
        self._windows = Windows(sample_rate, duration=duration, hop=hop)
        self._mixer, self._rate = Mixer(sample_rate), sample_rate

    @property
    def buffer(self) -> Samples:
        """Samples of the windows to come, `(n_samples, n_channels)`.

        Examples
        --------
        >>> windows = MixedWindows(1, duration=3, hop=1)
        >>> list(windows.add(windows.counted(np.zeros((2, 2), np.float32)))), windows.buffer.shape
        ([], (2, 2))
        """
        return self._windows.buffer

    @property
    def end(self) -> Samples:
        """Last samples up to now, as many as a window has, or all if they are fewer.

        Examples
        --------
        >>> windows = MixedWindows(1, duration=3, hop=3)
        >>> _ = list(windows.add(windows.counted(np.arange(4, dtype=np.float32))))
        >>> windows.end.ravel().tolist()
        [1.0, 2.0, 3.0]
        """
        return self._windows.end

    @property
    def notes(self) -> tuple[str, ...]:
        """Changes of the sound up to now, in words.

        Examples
        --------
        >>> windows = MixedWindows(8000, duration=3, hop=3)
        >>> tone = np.sin(np.arange(8000, dtype=np.float32))
        >>> windows.mixed(0.0, windows.counted(tone + 1)).notes == windows.notes
        True
        >>> windows.notes
        ('a constant offset is removed',)
        """
        return tuple(self._mixer.notes)

    def counted(self, block: Samples) -> Samples:
        """The next piece, `(n_samples,)` or `(n_samples, n_channels)`, taken into account, with its axis of channels.

        Raises
        ------
        InvalidAudio
            If samples are not finite.

        Examples
        --------
        >>> MixedWindows(1, duration=3, hop=1).counted(np.zeros(2, np.float32)).shape
        (2, 1)
        """
        block = inputs.checked(block.reshape(len(block), -1))
        self._mixer.add(block)
        return block

    def add(self, block: Samples) -> Iterator[Window]:
        """Give the windows that a piece completes, all or a part of what was `counted`.

        Examples
        --------
        >>> windows = MixedWindows(1, duration=3, hop=1)
        >>> [window.end for window in windows.add(windows.counted(np.zeros(4, np.float32)))]
        [3.0, 4.0]
        """
        for window in self._windows.add(block):
            yield self.mixed(window.start, window.waveform)

    def rest(self) -> Iterator[Window]:
        """Give the last window, after the end of the sound; none if no sound is new.

        Examples
        --------
        >>> windows = MixedWindows(1, duration=3, hop=2)
        >>> _ = list(windows.add(windows.counted(np.zeros(5, np.float32))))
        >>> list(windows.rest())
        []
        """
        for window in self._windows.rest():
            yield self.mixed(window.start, window.waveform)

    def mixed(self, start: float, samples: Samples) -> Window:
        """Window of a part that was heard before, `(n_samples, n_channels)`.

        Examples
        --------
        >>> windows = MixedWindows(1, duration=3, hop=1)
        >>> windows.mixed(0.0, windows.counted(np.array([[0.0, 1.0]], np.float32))).waveform.tolist()
        [0.5]
        """
        waveform = self._mixer.mixed(samples) if samples.size else np.empty(0, np.float32)
        return Window(start, inputs.checked(waveform), self._rate, self.notes)


def windowed(blocks: Iterable[Samples], sample_rate: int, *, duration: float, hop: float) -> Iterator[Window]:
    """Windows of pieces, as soon as they are complete; errors of `MixedWindows`.

    Examples
    --------
    >>> [window.end for window in windowed([np.zeros((5, 2), np.float32)], 1, duration=3, hop=2)]
    [3.0, 5.0]
    """
    windows = MixedWindows(sample_rate, duration=duration, hop=hop)
    for block in blocks:
        if block.size:
            yield from windows.add(windows.counted(block))
    yield from windows.rest()
