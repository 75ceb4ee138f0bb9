"""Enrol the recordings of a folder, of a list, or of waveforms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy.typing as npt

from ser.audio import suffixes
from ser.audio.invalid import InvalidAudio
from ser.core import files
from ser.serving import enrolment, inputs
from ser.serving.enrolment import Enrolment
from ser.serving.recognizer import NO_SPEECH, Recognizer

Recording = str | Path | tuple[npt.ArrayLike, float]
"""A file, or a waveform and its sample rate in Hz."""


@dataclass(frozen=True)
class Enrolled:
    """Recordings that an enrolment was made of, and those that it was not.

    Examples
    --------
    >>> of_two = Enrolled(None, used=["b.wav"], left_out={"a.wav": "no speech"})
    >>> of_two.left_out
    {'a.wav': 'no speech'}
    """

    enrolment: Enrolment
    used: Sequence[str]
    """Names."""
    left_out: Mapping[str, str]
    """Name -> reason."""


def recordings_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """Visible files below a folder: those that are recordings by their name and content, and the others.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     files.write_text(Path(folder, "read_me.txt"), "")
    ...     found, others = recordings_in(Path(folder))
    >>> len(found), [path.name for path in others]
    (0, ['read_me.txt'])
    """
    visible = [
        path for path in files.walk(folder) if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    found = sorted(path for path in visible if suffixes.may_be_recording(path))
    return found, sorted(set(visible) - set(found))


def of(recognizer: Recognizer, source: str | Path | Iterable[Recording]) -> Enrolled:
    """Enrol recordings of one speaker; those without speech, and those that cannot be used, are left out.

    Parameters
    ----------
    recognizer
        The model that the enrolment is for.
    source
        Folder whose recordings, at any depth, are enrolled; or recordings.

    Raises
    ------
    ValueError
        If there is no such folder, no recording is left, or the model cannot be adapted to a speaker.

    Examples
    --------
    >>> import ser
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(0, 0.1, 16_000)
    >>> enrolled = of(ser.load(all_speech=True), [(noise, 16_000), "no_such_file.wav"])
    >>> enrolled.used, list(enrolled.left_out), enrolled.enrolment.n_recordings
    (['waveform 1'], ['no_such_file.wav'], 1)
    """
    recognizer.centres  # noqa: B018 (it raises if there are none, before anything is decoded)
    left_out: dict[str, str] = {}
    if isinstance(source, str | Path):
        folder = Path(source)
        if not folder.is_dir():
            raise ValueError(f"there is no folder {folder} to enrol; give one with recordings of the speaker")
        source, others = recordings_in(folder)
        left_out |= {str(path): "it is no recording, by its name and content" for path in others}
    made: dict[str, Enrolment] = {}
    for number, recording in enumerate(source, start=1):
        name = str(recording) if isinstance(recording, str | Path) else f"waveform {number}"
        try:
            found = _enrolment(recognizer, recording)
        except (InvalidAudio, OSError) as error:
            left_out[name] = str(error)
            continue
        if found is None:
            left_out[name] = NO_SPEECH
        else:
            made[name] = found
    try:
        return Enrolled(enrolment.merged(list(made.values())), list(made), left_out)
    except ValueError as error:
        first = next((f" ({name}: {reason})" for name, reason in left_out.items()), "")
        raise ValueError(f"{error}{first}") from None


def _enrolment(recognizer: Recognizer, recording: Recording) -> Enrolment | None:
    if isinstance(recording, str | Path):
        with inputs.opened(Path(recording)) as opened:
            return recognizer.enrolment_of(opened)
    return recognizer.enrolment_of(inputs.of_waveform(*recording))
