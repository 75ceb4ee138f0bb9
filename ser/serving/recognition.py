"""Prediction of the emotion of a recording; commands, page, service and `predict_emotion` share this code.

The prediction of an utterance equals that of `evaluate`: same extraction with the bundle's settings, same classifier.
In addition, a voice activity detector looks for speech, and long recordings are divided into windows.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.audio import voice_activity
from ser.audio.reading import InvalidAudio, Kind
from ser.audio.waveforms import Waveform
from ser.core import extras
from ser.models import bundle, packaged
from ser.models.averaging import mean_of
from ser.representation.registry import Extractor, extractor
from ser.serving import inputs
from ser.serving.inputs import Input, Window
from ser.serving.predictions import Model, Prediction, Probabilities, TimedPrediction

EMBEDDED = packaged.resolved()
NO_SPEECH = "no speech"
LONGEST_UTTERANCE = 10.0  # seconds, more than any utterance of the corpora; longer recordings are divided into windows
WINDOW = 3.0  # seconds, for representations of utterances of any length
HOP = 1.0  # seconds between the windows of a timeline
DIGITS = 6
SYNTHETIC = "demo"  # corpus


@dataclass(frozen=True)
class Recognizer:
    """A trained model, or the members of an ensemble, with the extraction of each."""

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

    def probabilities(self, waveform: Waveform, sample_rate: int) -> Probabilities:
        """Probability of each label for one utterance, `(n_labels,)`, equal to that of `evaluate`.

        Raises
        ------
        InvalidAudio
            If the features are not finite.
        """
        values = {extract: extract(waveform, sample_rate)[np.newaxis] for extract in {one for one, _ in self.parts}}
        if not all(np.isfinite(one).all() for one in values.values()):
            raise InvalidAudio(Kind.FEATURES_NOT_FINITE, "samples whose features are not finite")
        rows = [model.of_values(values[extract])[0] for extract, model in self.parts]
        return mean_of(self.description.get("model", {}))(rows)

    def predict(self, recording: Input) -> Prediction:
        """Emotion of an utterance; for a recording longer than 10 s, the mean over its windows with speech.

        Raises
        ------
        InvalidAudio
            If it is shorter than 0.1 s, damaged, or has samples that are not finite.
        """
        if recording.duration > LONGEST_UTTERANCE:
            windows = recording.windows(duration=self.window, hop=self.window)
            return self._of_windows(windows, recording.duration)
        waveform, rate = recording.whole(), recording.sample_rate
        inputs.check_duration(duration := waveform.size / rate)
        taken = waveform if self.whole else waveform[: round(self.window * rate)]
        spoken = self._speech(taken, rate)
        if spoken >= voice_activity.THRESHOLD:
            return self._prediction(self.probabilities(waveform, rate), spoken, duration)
        if taken.size == waveform.size:
            return self._prediction(None, spoken, duration)
        windows = inputs.windowed([waveform], rate, duration=self.window, hop=self.window / 2)
        return self._of_windows(windows, duration)

    def timeline(self, recording: Input, *, hop: float = HOP) -> Iterator[TimedPrediction]:
        """Emotion of each window of a recording, one every `hop` seconds, as soon as it is decoded.

        Raises
        ------
        InvalidAudio
            If the recording is shorter than 0.1 s, damaged, or has samples that are not finite.
        """
        for window in recording.windows(duration=self.window, hop=hop):
            yield self.timed(window)

    def timed(self, window: Window) -> TimedPrediction:
        """Emotion of one window; `InvalidAudio` as by `timeline`.

        Examples
        --------
        >>> load().timed(Window(1.0, np.zeros(48_000, np.float32), 16_000))["emotion"]
        'no speech'
        """
        inputs.check_duration(window.end)
        probabilities, spoken = self._of_window(window)
        prediction = self._prediction(probabilities, spoken, window.end - window.start)
        return {**prediction, "start": round(window.start, 3), "end": round(window.end, 3)}

    def _of_window(self, window: Window) -> tuple[Probabilities | None, float]:
        spoken = self._speech(window.waveform, window.sample_rate)
        spoke = spoken >= voice_activity.THRESHOLD
        return self.probabilities(window.waveform, window.sample_rate) if spoke else None, spoken

    def _of_windows(self, windows: Iterable[Window], duration: float) -> Prediction:
        total, highest = np.zeros(len(self.labels)), 0.0
        for window in windows:
            probabilities, spoken = self._of_window(window)
            highest = max(highest, spoken)
            if probabilities is not None:
                total += probabilities
        return self._prediction(total / total.sum() if total.any() else None, highest, duration)

    def _speech(self, waveform: Waveform, sample_rate: int) -> float:
        return 1.0 if self.all_speech else voice_activity.speech_probability(waveform, sample_rate)

    def _prediction(self, probabilities: Probabilities | None, spoken: float, duration: float) -> Prediction:
        """Rounded prediction; `probabilities` is None where there is no speech."""
        duration = round(duration, 3)
        if probabilities is None:
            confidence = round(1 - spoken, DIGITS)
            return Prediction(emotion=NO_SPEECH, confidence=confidence, probabilities={}, duration=duration)
        best = int(probabilities.argmax())
        by_label = {label: round(float(one), DIGITS) for label, one in zip(self.labels, probabilities, strict=True)}
        emotion = self.labels[best]
        return Prediction(emotion=emotion, confidence=by_label[emotion], probabilities=by_label, duration=duration)


@extras.named()
def load(model: str | Path | None = None, *, all_speech: bool = False, networks: Collection[str] = ()) -> Recognizer:
    """Read a bundle, ensemble or exported bundle; by default the default model of this program.

    Parameters
    ----------
    model
        Folder, or the name of a model of this program.
    networks
        Networks that a bundle may name beside those that this project knows by their content; their code runs.

    Raises
    ------
    ValueError
        If there is no bundle, or it is damaged, could run code, names another network, is transductive, or needs
        a library that is not installed.
    """
    folder = packaged.resolved(model)
    if folder.is_file():
        raise ValueError(f"{folder} is a file; wanted a folder that the stage train wrote, as models/fold_0")
    if not (folder / bundle.DESCRIPTION).is_file() and (folds := sorted(folder.glob("fold_*"))):
        raise ValueError(f"{folder} contains {len(folds)} models; choose one, as {folds[0]}")
    description = bundle.read_description(folder)
    if "members" in description:
        from ser.models import ensembles

        members = ensembles.load(folder).members
        parts = {folder / ensembles.MEMBERS / name: one for name, one in members.items()}
    else:
        parts = {folder: bundle.load(folder)}
    if packaged.is_packaged(folder):
        found = of_bundles(str(folder), list(parts.values()), description, all_speech=all_speech)
        return replace(found, note=packaged.NOTES.get(folder.name, ""))
    from ser.serving import acceptance

    for path, one in parts.items():
        acceptance.check_representation(path / bundle.DESCRIPTION, one.representation, networks)
    found = of_bundles(str(folder), list(parts.values()), description, all_speech=all_speech)
    acceptance.try_out(found.name, found.probabilities)
    return found


def of_bundles(
    name: str, models: Sequence[bundle.Bundle], description: dict[str, Any], *, all_speech: bool = False
) -> Recognizer:
    """Recognizer of one bundle, or of several whose probabilities are averaged.

    Raises
    ------
    ValueError
        If a bundle is transductive, or its features cannot be extracted.
    """
    if any(bundle.is_transductive(model.representation) for model in models):
        raise ValueError(
            f"{name} is transductive: its features are standardised over all utterances of a speaker, so that it cannot"
            " predict single recordings; train a model that can, with: dvc exp run -S adaptation=none"
        )
    settings = [model.representation["settings"] for model in models]
    parts = list(zip(_extractors(name, models), models, strict=True))
    durations = [one["duration"] for one in settings if "duration" in one]
    whole = len(durations) < len(models)
    return Recognizer(name, parts, max(durations, default=WINDOW), whole, description, all_speech)


def _extractors(name: str, models: Sequence[bundle.Bundle]) -> list[Extractor]:
    """Extractor of each model; models of the same representation get the same object."""
    found: list[Extractor] = []
    for model in models:
        same = (
            extract
            for extract, other in zip(found, models, strict=False)
            if (other.representation, other.columns) == (model.representation, model.columns)
        )
        try:
            found.append(next(same, None) or extractor(**model.representation, columns=model.columns))
        except extras.Missing:
            raise
        except ValueError as error:
            raise ValueError(f"{name} cannot be used: {error}") from error
    return found


def predict_emotion(
    recording: str | Path | npt.ArrayLike,
    sample_rate: float | None = None,
    *,
    model: str | Path | None = None,
    networks: Collection[str] = (),
) -> Prediction:
    """Prediction of a recording: emotion (or `no speech`), confidence, probability of each emotion, duration in s.

    Parameters
    ----------
    recording
        Path of a file; or a waveform, `(n_samples,)` or `(n_samples, n_channels)`.
    sample_rate
        Hz; only for a waveform, since a file declares its own.
    model, networks
        Folder of a bundle or name of a model of this program, and networks that a bundle may name; `load` explains
        both.

    Raises
    ------
    ValueError
        If the recording or the model cannot be used, with the remedy.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> prediction = predict_emotion(np.zeros(16_000), 16_000)
    >>> prediction["emotion"], prediction["confidence"], prediction["duration"]
    ('no speech', 1.0, 1.0)
    """
    folder = packaged.resolved(model)
    recognizer = _kept(folder, changed(folder), frozenset(networks))
    with opened(recording, sample_rate) as source:
        return recognizer.predict(source)


@contextmanager
def opened(recording: str | Path | npt.ArrayLike, sample_rate: float | None) -> Iterator[Input]:
    """Input of a file or a waveform.

    Raises
    ------
    ValueError
        If a waveform has no sample rate, a file is given one, or the recording cannot be used.

    Examples
    --------
    >>> with opened(np.zeros(16_000), 16_000) as source:
    ...     source.duration
    1.0
    """
    if isinstance(recording, str | Path):
        if sample_rate is not None:
            raise ValueError(f"sample_rate is {sample_rate}, and {recording} declares its own; leave it out")
        with inputs.opened(Path(recording)) as source:
            yield source
    elif sample_rate is None:
        raise ValueError("the sample rate of the waveform is missing; give it in Hz, as the second argument")
    else:
        yield inputs.of_waveform(recording, sample_rate)


def changed(folder: Path) -> int:
    """Time of the last change of the bundle in `folder`, in ns, as a key of caches; 0 without a bundle."""
    description = folder / bundle.DESCRIPTION
    return description.stat().st_mtime_ns if description.is_file() else 0


@lru_cache(maxsize=4)
def _kept(folder: Path, changed: int, networks: frozenset[str]) -> Recognizer:
    """Recognizer of a folder, read again only after a change."""
    return load(folder, networks=networks)
