"""Prediction of the emotion of a recording; commands, page, service and `predict_emotion` share this code.

The prediction of an utterance equals that of `evaluate`: same extraction with the bundle's settings, same classifier.
In addition, a voice activity detector looks for speech, and long recordings are divided into windows.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ser.core import extras
from ser.core.wording import counted
from ser.models import bundle, packaged
from ser.representation.registry import Extractor, extractor
from ser.serving import enrolling, hub, inputs
from ser.serving.enrolling import Enrolled, Recording
from ser.serving.enrolment import Enrolment
from ser.serving.inputs import Input
from ser.serving.predictions import UNSURE as UNSURE
from ser.serving.predictions import Prediction
from ser.serving.recognizer import HOP as HOP
from ser.serving.recognizer import LONGEST_UTTERANCE as LONGEST_UTTERANCE
from ser.serving.recognizer import NO_SPEECH as NO_SPEECH
from ser.serving.recognizer import WINDOW as WINDOW
from ser.serving.recognizer import Recognizer as Recognizer


def check_folder(folder: Path) -> None:
    """Raise `ValueError` if the folder of a model is a file, or has the models of several folds.

    Examples
    --------
    >>> check_folder(Path(__file__))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: ...recognition.py is a file; wanted a folder that the stage train wrote, as models/fold_0
    """
    if folder.is_file():
        raise ValueError(f"{folder} is a file; wanted a folder that the stage train wrote, as models/fold_0")
    if not (folder / bundle.DESCRIPTION).is_file() and (folds := sorted(folder.glob("fold_*"))):
        raise ValueError(f"{folder} contains {counted(len(folds), 'model')}; choose one, as {folds[0]}")


@extras.named()
def load(model: str | Path | None = None, *, all_speech: bool = False, networks: Collection[str] = ()) -> Recognizer:
    """Read a trained model, an ensemble or an exported model; without `model`, the built-in model `general`.

    Parameters
    ----------
    model
        Folder, name of a built-in model, or `hf:OWNER/NAME` of the Hugging Face Hub.
    all_speech
        True to predict an emotion also if there is no speech in a recording.
    networks
        Networks that the model may run in addition to those that this project knows by their content. Their code runs.

    Raises
    ------
    ValueError
        If there is no bundle, or it is damaged, could run code, names another network, is transductive, or needs
        a library that is not installed.

    Examples
    --------
    >>> load("ravdess").labels
    ['neutral', 'calm', 'happy', 'sad', 'angry', 'fearful', 'disgust', 'surprised']
    """
    folder, networks = hub.resolved(model), _names(networks)
    check_folder(folder)
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
    for path, one in parts.items():  # after what the settings name is loaded
        acceptance.check_weights(path / bundle.DESCRIPTION, one.representation, one.description, networks)
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

    Examples
    --------
    >>> model = bundle.load(hub.resolved("general"))
    >>> recognizer = of_bundles("mine", [model], model.description)
    >>> recognizer.labels, recognizer.window  # seconds
    (['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgust'], 3.0)
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
    model: str | Path | Recognizer | None = None,
    networks: Collection[str] = (),
    enrol: Recording | Iterable[Recording] | Enrolled | Enrolment | None = None,
    prior: Mapping[str, float] | None = None,
    unsure: float = 0.0,
) -> Prediction:
    """Prediction of a recording: emotion (or `no speech`), confidence, probability of each emotion, duration in s.

    Parameters
    ----------
    recording
        Path of a file; or a waveform, `(n_samples,)` or `(n_samples, n_channels)`.
    sample_rate
        Hz; only for a waveform, since a file declares its own.
    model
        Folder of a model, name of a built-in model, or `hf:OWNER/NAME`, as for `load`; or the result of `load`, whose
        own adjustments apply if the options below are not given.
    networks
        Networks that a bundle may name beside the known ones, as of `load`.
    enrol
        Recordings of the same speaker, without labels: a folder, or a list of files and of pairs of a waveform and its
        sample rate; or the result of `ser.serving.enrolling.enrolled_from`, which saves their analysis. Those that
        cannot be enrolled are named by a warning of `logging`.
    prior
        Share of emotions, such as `{"neutral": 0.6}`; emotions that are not named share the rest equally.
    unsure
        Confidence below which the emotion is `unsure`, 0 to 1.

    Raises
    ------
    ValueError, OSError
        If the recording, the model, or another argument cannot be used, with the remedy.

    Examples
    --------
    >>> prediction = predict_emotion([0.0] * 16_000, 16_000)
    >>> prediction["emotion"], prediction["confidence"], prediction["duration"]
    ('no speech', 1.0, 1.0)
    """
    recognizer = model if isinstance(model, Recognizer) else _known(model, networks)
    recognizer = recognizer.adjusted(
        enrolment=_enrolment(recognizer, enrol) or recognizer.enrolment,
        prior=recognizer.prior if prior is None else prior,
        unsure=recognizer.unsure if unsure == 0 else unsure,
    )
    with opened(recording, sample_rate) as source:
        return recognizer.predict(source)


def _known(model: str | Path | None, networks: Collection[str]) -> Recognizer:
    """Recognizer of a name or folder, read once."""
    folder = _of_the_hub(model) if isinstance(model, str) and model.startswith(hub.PREFIX) else hub.resolved(model)
    return _kept(folder, changed(folder), _names(networks))


def _names(networks: Collection[str]) -> frozenset[str]:
    """Names of networks; a single one, which is also a collection of its letters, is an error."""
    if isinstance(networks, str) or not isinstance(networks, Collection):
        raise ValueError(f"networks is {networks!r:.60}; wanted a list of names, as ['models/mine']")
    return frozenset(networks)


def _enrolment(
    recognizer: Recognizer, enrol: Recording | Iterable[Recording] | Enrolled | Enrolment | None
) -> Enrolment | None:
    if enrol is None or isinstance(enrol, Enrolment):
        return enrol
    found = enrol if isinstance(enrol, Enrolled) else enrolling.enrolled_from(recognizer, enrol)
    if found is not enrol and found.left_out:
        logging.getLogger(__name__).warning("not enrolled: %s", enrolling.named(found.left_out))
    return found.enrolment


@contextmanager
def opened(recording: str | Path | npt.ArrayLike, sample_rate: float | None = None) -> Iterator[Input]:
    """Input of a file or a waveform, which `Recognizer.predict` and `timeline` take; it is closed at the end of `with`.

    Parameters
    ----------
    recording
        Path of a file; or a waveform, `(n_samples,)` or `(n_samples, n_channels)`.
    sample_rate
        Hz, of a waveform; None for a file.

    Raises
    ------
    ValueError
        If a waveform has no sample rate, a file is given one, or the recording cannot be used.

    Examples
    --------
    >>> with opened([0.0] * 16_000, 16_000) as source:
    ...     source.duration
    1.0
    """
    if isinstance(recording, str) and (not recording.strip() or "\0" in recording):
        raise ValueError(f"the name of the recording is {recording!r:.60}; give the path of a file")
    if isinstance(recording, str | Path):
        if sample_rate is not None:
            raise ValueError(f"sample_rate is {sample_rate}, and {recording} declares its own; leave it out")
        with inputs.opened(Path(recording)) as source:
            yield source
    elif recording is None or isinstance(recording, bytes | bytearray) or hasattr(recording, "read"):
        found = type(recording).__name__
        raise ValueError(f"the recording is of type {found}; give the path of a file, or a waveform and its rate in Hz")
    elif isinstance(recording, list | tuple) and recording and isinstance(recording[0], str | Path):
        raise ValueError("the recording is a list of paths; give one path at a time")
    elif sample_rate is None:
        raise ValueError("the sample rate of the waveform is missing; give it in Hz, as: sample_rate=16000")
    else:
        yield inputs.of_waveform(recording, sample_rate)


def changed(folder: Path) -> int:
    """Time of the last change of the bundle in `folder`, in ns, as a key of caches; 0 without a bundle.

    Examples
    --------
    >>> changed(Path("no_such_folder")), changed(hub.resolved("general")) > 0
    (0, True)
    """
    description = folder / bundle.DESCRIPTION
    return description.stat().st_mtime_ns if description.is_file() else 0


@cache
def _of_the_hub(model: str) -> Path:
    """Folder of a model of the hub, which is asked once in a process and not for each prediction."""
    return hub.resolved(model)


@lru_cache(maxsize=4)
def _kept(folder: Path, changed: int, networks: frozenset[str]) -> Recognizer:
    """Recognizer of a folder, read again only after a change."""
    return load(folder, networks=networks)
