"""A model that predicts recordings: speech is looked for, long recordings are divided, answers are adjusted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ser.audio import voice_activity
from ser.audio.reading import InvalidAudio, Kind
from ser.audio.waveforms import Waveform
from ser.models import centre
from ser.models.averaging import mean_of
from ser.representation.registry import Extractor
from ser.serving import inputs, priors
from ser.serving.enrolment import Enrolment, Values, model_of
from ser.serving.inputs import Input
from ser.serving.notes import noted, of_speech
from ser.serving.predictions import NO_SPEECH as NO_SPEECH
from ser.serving.predictions import Model, Prediction, Probabilities, TimedPrediction, finished, rounded
from ser.serving.windows import Window, windowed

LONGEST_UTTERANCE = 10.0  # seconds, more than any utterance of the corpora; longer recordings are divided into windows
WINDOW = 3.0  # seconds, for representations of utterances of any length
HOP = 1.0  # seconds between the windows of a timeline
SYNTHETIC = "demo"  # name of the corpus of synthetic speech


@dataclass(frozen=True)
class Recognizer:
    """A trained model, or the members of an ensemble, with the extraction of each; `ser.load` returns one.

    Examples
    --------
    >>> import ser
    >>> recognizer = ser.load()
    >>> recognizer, recognizer.labels[0], recognizer.warnings
    (<Recognizer of general: neutral, happy, sad, angry, fearful, disgust>, 'neutral', [])
    >>> recognizer.check_enrollable()  # no error
    >>> silence = inputs.of_waveform(np.zeros(64_000), 16_000)
    >>> recognizer.predict(silence)["emotion"], recognizer.enrolment_of(silence)
    ('no speech', None)
    >>> [window["start"] for window in recognizer.timeline(silence, hop=0.5)]
    [0.0, 0.5, 1.0]
    >>> recognizer.timed(Window(1.0, silence.whole(), 16_000))["end"]  # seconds
    5.0
    >>> neutral = recognizer.adjusted(prior={"neutral": 1.0})  # no other emotion occurs
    >>> neutral.probabilities(np.ones(16_000, np.float32), 16_000).tolist()
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    >>> neutral.of_values([centre[np.newaxis] for centre in neutral.centres]).tolist()  # of mean features
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """

    name: str
    """Folder or file of the model."""
    parts: Sequence[tuple[Extractor, Model]]
    """Extractor and model of each member; `description` names the mean of their probabilities. Models of the same
    representation share one extractor."""
    window: float
    """Seconds of a window."""
    whole: bool
    """True if the model takes whole utterances, False if it takes only their first `window` seconds."""
    description: dict[str, Any]
    """Description of the bundle: model, corpora, speakers, versions."""
    all_speech: bool = False
    """True to skip the voice activity detector."""
    note: str = ""
    """Sentence about the model on speech of other kinds, for the readers of a prediction; empty if none is known."""
    enrolment: Enrolment | None = None
    """Recordings of the same speaker that the features are adapted to."""
    prior: Mapping[str, float] = field(default_factory=dict)
    """Frequency of emotions where they are not equally frequent; those that are not named share the rest."""
    unsure: float = 0.0
    """Confidence below which the emotion is `unsure`."""

    def __repr__(self) -> str:
        """Name and emotions; the fields of a trained model would fill pages."""
        return f"<Recognizer of {Path(self.name).name}: {', '.join(self.labels)}>"

    @property
    def labels(self) -> list[str]:
        """Emotions, in the order of the probabilities."""
        return self.parts[0][1].labels

    @cached_property
    def warnings(self) -> list[str]:
        """Warnings for the readers of a prediction."""
        if self.description.get("corpora") == [SYNTHETIC]:
            return [f"{self.name} was trained on the demo corpus, which is synthetic speech: do not rely on it"]
        return []

    @cached_property
    def centres(self) -> list[Values]:
        """Mean of each feature in the training, `(n_columns,)`, for each part.

        Raises
        ------
        ValueError
            If a part keeps none.
        """
        return centre.of_models([model for _, model in self.parts], name=self.name)

    def check_enrollable(self) -> None:
        """Raise `ValueError` if the model cannot be adapted to a speaker."""
        centre.of_models([model for _, model in self.parts], name=self.name)

    def adjusted(
        self,
        *,
        enrolment: Enrolment | None = None,
        prior: Mapping[str, float] = MappingProxyType({}),
        unsure: float = 0.0,
    ) -> "Recognizer":
        """The same model for a speaker, for other frequencies of the emotions, or with the answer `unsure`.

        Parameters
        ----------
        enrolment
            Recordings of the same speaker, by `ser.serving.enrolling`; the predictions are then transductive.
        prior
            Share of emotions, such as `{"neutral": 0.6}`; emotions that are not named share the rest equally.
        unsure
            Confidence below which the emotion is `unsure`, 0 to 1; the probabilities stay as they are.

        Raises
        ------
        ValueError
            If the enrolment is of another model, a prior is not possible, or `unsure` is not from 0 to 1.
        """
        priors.shares(prior, self.labels)
        if not priors.is_share(unsure):
            raise ValueError(f"unsure is {unsure!r:.60}; wanted a confidence from 0 to 1, as 0.5")
        fitted = None if enrolment is None else enrolment.fitted(self.centres)
        return replace(self, enrolment=fitted, prior=dict(prior), unsure=unsure)

    def enrolment_of(self, recording: Input) -> Enrolment | None:
        """Enrolment of one recording, divided as for a prediction; None if it has no speech.

        Parameters
        ----------
        recording
            A recording of the speaker, by `ser.serving.recognition.opened`.

        Raises
        ------
        ValueError
            If the model cannot be adapted to a speaker.
        InvalidAudio
            If the recording cannot be used.
        """
        model, sums, n_utterances = model_of(self.centres), [0.0 * one for one in self.centres], 0
        windows, _ = self._divided(recording)
        for window, spoken in windows:
            if spoken >= voice_activity.THRESHOLD:
                n_utterances += 1
                for total, values in zip(sums, self._values(window.waveform, window.sample_rate), strict=True):
                    total += values[0]
        if not n_utterances:
            return None
        return Enrolment(1, n_utterances, model, tuple(total / np.float32(n_utterances) for total in sums))

    def probabilities(self, waveform: Waveform, sample_rate: int) -> Probabilities:
        """Probability of each label for one utterance, `(n_labels,)`; without adjustments, equal to that of `evaluate`.

        Parameters
        ----------
        waveform
            Mono, `(n_samples,)`.
        sample_rate
            Hz.

        Raises
        ------
        InvalidAudio
            If the features are not finite.
        """
        return self.of_values(self._values(waveform, sample_rate))

    def of_values(self, values: Sequence[Values]) -> Probabilities:
        """Probability of each label for features of one utterance, `(n_labels,)`.

        Parameters
        ----------
        values
            Features, `(1, n_columns)`, for each part.
        """
        if self.enrolment is not None:
            pairs = zip(values, self.centres, strict=True)
            values = [self.enrolment.shifted(one, middle, part=part) for part, (one, middle) in enumerate(pairs)]
        rows = [model.of_values(one)[0] for one, (_, model) in zip(values, self.parts, strict=True)]
        found: Probabilities = mean_of(self.description.get("model", {}), self.description.get("members", ()))(rows)
        return priors.reweighted(found, self._priors) if self.prior else found

    @cached_property
    def _priors(self) -> Probabilities:
        return priors.shares(self.prior, self.labels)

    def _values(self, waveform: Waveform, sample_rate: int) -> list[Values]:
        """Features of an utterance for each part, `(1, n_columns)`; `InvalidAudio` if they are not finite."""
        values = {extract: extract(waveform, sample_rate)[np.newaxis] for extract in {one for one, _ in self.parts}}
        if not all(np.isfinite(one).all() for one in values.values()):
            raise InvalidAudio(Kind.FEATURES_NOT_FINITE, "samples whose features are not finite")
        return [values[extract] for extract, _ in self.parts]

    def predict(self, recording: Input | str | Path) -> Prediction:
        """Emotion of an utterance; for a recording longer than 10 s, the mean over its windows with speech.

        Parameters
        ----------
        recording
            Path of a file; or a waveform, by `ser.serving.recognition.opened`.

        Raises
        ------
        ValueError
            If it is of another type, shorter than 0.1 s, damaged, or has samples that are not finite.
        """
        rows: list[Probabilities] = []
        highest, remarks = 0.0, []
        with inputs.given(recording) as source:
            windows, duration = self._divided(source)
            for window, spoken in windows:
                highest = max(highest, spoken)
                if spoken >= voice_activity.THRESHOLD:
                    remarks = of_speech(window.waveform, window.sample_rate) if not rows else []
                    rows.append(self.probabilities(window.waveform, window.sample_rate))
        probabilities = np.sum(rows, axis=0) / np.sum(rows) if len(rows) > 1 else next(iter(rows), None)
        found = self._prediction(probabilities, highest, duration)
        return noted(found, [*source.notes, *remarks])

    def _divided(self, recording: Input) -> tuple[Iterable[tuple[Window, float]], float]:
        """Windows that the prediction is the mean of, each with the probability of speech; duration in seconds."""
        if recording.duration > LONGEST_UTTERANCE:
            windows = recording.windows(duration=self.window, hop=self.window)
            return self._heard(windows), recording.duration
        waveform, rate = recording.whole(), recording.sample_rate
        inputs.check_duration(duration := waveform.size / rate)
        taken = waveform if self.whole else waveform[: round(self.window * rate)]
        spoken = self._speech(taken, rate)
        if spoken >= voice_activity.THRESHOLD or taken.size == waveform.size:
            return [(Window(0.0, waveform, rate), spoken)], duration
        return self._heard(windowed([waveform], rate, duration=self.window, hop=self.window / 2)), duration

    def _heard(self, windows: Iterable[Window]) -> Iterator[tuple[Window, float]]:
        for window in windows:
            yield window, self._speech(window.waveform, window.sample_rate)

    def timeline(self, recording: Input | str | Path, *, hop: float = HOP) -> Iterator[TimedPrediction]:
        """Emotion of each window of a recording, one every `hop` seconds, as soon as it is decoded.

        Parameters
        ----------
        recording
            Path of a file; or a waveform, by `ser.serving.recognition.opened`.
        hop
            Seconds, above 0 and at most `window`.

        Raises
        ------
        ValueError
            If the recording is of another type, shorter than 0.1 s, damaged, or has samples that are not finite.
        """
        with inputs.given(recording) as source:
            for window in source.windows(duration=self.window, hop=hop):
                yield self.timed(window)

    def timed(self, window: Window) -> TimedPrediction:
        """Emotion of one window; `InvalidAudio` as by `timeline`.

        Parameters
        ----------
        window
            Samples, and their place in the recording.
        """
        inputs.check_duration(window.end)
        spoken = self._speech(window.waveform, window.sample_rate)
        has_speech = spoken >= voice_activity.THRESHOLD
        probabilities = self.probabilities(window.waveform, window.sample_rate) if has_speech else None
        prediction = self._prediction(probabilities, spoken, window.end - window.start)
        timed: TimedPrediction = {**prediction, "start": round(window.start, 3), "end": round(window.end, 3)}
        return noted(timed, [*window.notes, *(of_speech(window.waveform, window.sample_rate) if has_speech else [])])

    def _speech(self, waveform: Waveform, sample_rate: int) -> float:
        return 1.0 if self.all_speech else voice_activity.speech_probability(waveform, sample_rate)

    def _prediction(self, probabilities: Probabilities | None, spoken: float, duration: float) -> Prediction:
        """Rounded prediction; `probabilities` is None where there is no speech."""
        found = rounded(self.labels, probabilities, spoken=spoken, duration=duration)
        return finished(found, unsure=self.unsure, enrolment=self.enrolment)
