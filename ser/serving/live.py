"""Live sound: windows that are due, smoothed probabilities, and the summary, in memory that does not grow."""

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from typing_extensions import TypedDict

from ser.serving.enrolment import Enrolment
from ser.serving.mixed_windows import MixedWindows
from ser.serving.notes import noted
from ser.serving.predictions import Prediction, TimedPrediction, finished, most_probable
from ser.serving.recognizer import LONGEST_UTTERANCE, NO_SPEECH
from ser.serving.samples import Samples
from ser.serving.windows import HALF, Window

HOP = 0.5  # seconds, about; a window has a whole number of hops
EARLIEST = 1.0  # seconds of sound before the first answer; less is a word at most
SMOOTHING = 2.0  # seconds, time constant of the smoothing


class Smoothed(TypedDict):
    """Emotion of smoothed probabilities; `no speech` has none.

    Examples
    --------
    >>> Smoothed(emotion="sad", confidence=0.7, probabilities={"calm": 0.3, "sad": 0.7})["emotion"]
    'sad'
    """

    emotion: str
    confidence: float
    probabilities: dict[str, float]


class LivePrediction(TimedPrediction):
    """Prediction of a window of live sound.

    Examples
    --------
    >>> sorted(set(LivePrediction.__annotations__) - set(TimedPrediction.__annotations__))
    ['early', 'smoothed', 'speech']
    """

    speech: bool
    """False if the window has no speech."""
    early: bool
    """True while there is less sound than a window has."""
    smoothed: Smoothed
    """Mean of the probabilities up to now, in which recent ones count more."""


class Summary(Prediction):
    """Prediction of the whole sound, as that of a file, and the number of windows of each emotion.

    Examples
    --------
    >>> Summary(emotion="sad", confidence=1.0, probabilities={"sad": 1.0}, duration=3.0, windows={"sad": 1})["windows"]
    {'sad': 1}
    """

    windows: dict[str, int]


class Live:
    """Session of live sound. A caller predicts each window that is due, and gives the prediction back.

    The channels are kept, and mixed when a window is due, judged by all sound up to then (`MixedWindows`). So an
    utterance is mixed as that of a file. A window has the samples of a file of the sound, unless the channels have a
    constant offset or cancel each other: the sound that comes later is not known yet.

    Parameters
    ----------
    sample_rate
        Hz.
    duration
        Seconds of a window.
    unsure
        Confidence below which an emotion is `unsure`, as of the recognizer.
    enrolment
        Recordings of the same speaker, as of the recognizer.

    Examples
    --------
    >>> live = Live(16_000, duration=3.0)
    >>> [window.end for window in live.add(np.zeros(64_000, np.float32))]
    [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    >>> silence = TimedPrediction(emotion="no speech", confidence=1.0, probabilities={}, duration=3.0, start=0, end=3)
    >>> [live.answer(window, silence)["speech"] for window in live.rest()]
    []
    >>> live.duration, live.is_utterance, live.remainder().end
    (4.0, True, 4.0)
    >>> live.summary(silence)["duration"]
    4.0
    """

    def __init__(
        self, sample_rate: int, *, duration: float, unsure: float = 0.0, enrolment: Enrolment | None = None
    ) -> None:
        self._hops = max(1, round(duration / HOP))  # of a window
        self.hop = duration / self._hops
        """Seconds from one answer to the next."""
        self._windows = MixedWindows(sample_rate, duration=duration, hop=self.hop)
        self._unsure, self._enrolment = unsure, enrolment
        self._rate, self._length = sample_rate, round(duration * sample_rate)
        self._next_early = max(1, math.ceil(EARLIEST / self.hop))
        self._n_samples = self._n_windows = 0
        self._ended = False
        self._part_end = 0  # sample at which the last of the windows ends that do not overlap
        self._beginning = Samples()  # as long as the sound is an utterance
        self._smoothed: npt.NDArray[np.float64] | None = None
        self._total: dict[str, float] = {}
        self._confidence = 1.0  # lowest that there is no speech
        self._counts: Counter[str] = Counter()
        self._spoken: list[Prediction] = []  # the first parts with speech, of which a second one ends the remarks

    def add(self, block: npt.NDArray[np.float32]) -> Iterator[Window]:
        """Take the next piece of sound, `(n_samples,)` or `(n_samples, n_channels)`; give the windows that are due.

        Raises
        ------
        InvalidAudio
            If samples are not finite.
        """
        if not block.size:
            return
        block = self._windows.counted(block)
        self._n_samples += len(block)
        if self.is_utterance:
            self._beginning.add(block)
        else:
            self._beginning = Samples()
        while self._next_early < self._hops and block.size and self._n_windows == 0:
            end = round(self._next_early * self.hop * self._rate)
            missing = max(0, end - len(self._windows.buffer))
            if missing > len(block):
                break
            complete = list(self._windows.add(block[:missing]))
            assert not complete  # an early window has fewer samples than a complete one
            block = block[missing:]
            self._next_early += 1
            yield self._windows.mixed(0.0, self._windows.buffer[:end])
        yield from self._counted(self._windows.add(block))

    def rest(self) -> Iterator[Window]:
        """Give the last window, after the end of the sound; none if no sound is new."""
        self._ended = True
        yield from self._counted(self._windows.rest())

    def _counted(self, windows: Iterator[Window]) -> Iterator[Window]:
        for window in windows:
            yield window
            if self._is_part and len(window.waveform) == self._length:  # a shorter one is left for `remainder`
                self._part_end = round(window.start * self._rate) + self._length
            self._n_windows += 1

    @property
    def _is_part(self) -> bool:
        return self._n_windows % self._hops == 0

    def answer(self, window: Window, prediction: TimedPrediction) -> LivePrediction:
        """Prediction of a window that was due, with smoothed probabilities."""
        early = window.start == 0 and window.waveform.size < self._length and not self._ended
        if not early:
            self._counts[prediction["emotion"]] += 1
            if self._is_part and window.waveform.size == self._length:
                self._sum(prediction)
        probabilities, prediction = prediction["probabilities"], noted(prediction, window.notes)
        return {**prediction, "speech": bool(probabilities), "early": early, "smoothed": self._smooth(prediction)}

    def _smooth(self, prediction: TimedPrediction) -> Smoothed:
        """Smoothed prediction; after a window without speech, the smoothing begins anew."""
        if not prediction["probabilities"]:
            self._smoothed = None
            return Smoothed(emotion=NO_SPEECH, confidence=prediction["confidence"], probabilities={})
        labels, values = list(prediction["probabilities"]), np.array(list(prediction["probabilities"].values()))
        if self._smoothed is not None:
            values = self._smoothed + (values - self._smoothed) * (1 - math.exp(-self.hop / SMOOTHING))
        self._smoothed = values
        best, by_label = most_probable(labels, values)
        found = Prediction(emotion=best, confidence=by_label[best], probabilities=by_label, duration=self.duration)
        emotion = finished(found, unsure=self._unsure)["emotion"]
        return Smoothed(emotion=emotion, confidence=by_label[best], probabilities=by_label)

    def _sum(self, prediction: Prediction) -> None:
        for label, probability in prediction["probabilities"].items():
            self._total[label] = self._total.get(label, 0.0) + probability
        if not prediction["probabilities"]:
            self._confidence = min(self._confidence, prediction["confidence"])
        elif len(self._spoken) < 2:
            self._spoken.append(prediction)

    def remainder(self) -> Window | None:
        """Sound that the summary still needs, after the end: all of an utterance, the last part, or None.

        A caller predicts an utterance (`is_utterance`) as a whole recording, a last part as a window.
        """
        if self.is_utterance:
            return self._windows.mixed(0.0, self._beginning.all)
        n_left = self._n_samples - self._part_end
        if not n_left:
            return None
        if n_left < HALF * self._length:
            return self._windows.mixed((self._n_samples - self._length) / self._rate, self._windows.end)
        return self._windows.mixed(self._part_end / self._rate, self._windows.buffer[-n_left:])

    @property
    def is_utterance(self) -> bool:
        """True if the sound is short enough to be predicted as a whole."""
        return self._n_samples <= LONGEST_UTTERANCE * self._rate

    @property
    def duration(self) -> float:
        """Seconds of sound up to now."""
        return self._n_samples / self._rate

    def summary(self, last: Prediction | None) -> Summary:
        """Prediction of the whole sound, with that of the remainder, and its notes."""
        return noted(self._summary(last), self._windows.notes)

    def _summary(self, last: Prediction | None) -> Summary:
        duration, windows = round(self.duration, 3), dict(self._counts)
        if last is not None and self.is_utterance:
            return {**last, "duration": duration, "windows": windows}
        if last is not None:
            self._sum(last)
        total = sum(self._total.values())
        if not total:
            nothing = Prediction(emotion=NO_SPEECH, confidence=self._confidence, probabilities={}, duration=duration)
            return {**nothing, "windows": windows}
        best, shares = most_probable(list(self._total), np.array(list(self._total.values())) / total)
        found = Prediction(emotion=best, confidence=shares[best], probabilities=shares, duration=duration)
        if len(self._spoken) == 1:
            found = noted(found, self._spoken[0].get("notes", ()))
        return {**finished(found, unsure=self._unsure, enrolment=self._enrolment), "windows": windows}
