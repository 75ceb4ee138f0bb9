"""Enrol the recordings of a folder, of a list, or of waveforms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from ser.audio import suffixes
from ser.audio.invalid import InvalidAudio
from ser.core import files
from ser.serving import enrolment, inputs
from ser.serving.enrolment import Enrolment
from ser.serving.recognizer import NO_SPEECH, Recognizer

Recording = str | Path | tuple[npt.ArrayLike, float]
"""A file, or a waveform and its sample rate in Hz."""
MAX_NAMED = 5  # recordings that are left out, in one message


@dataclass(frozen=True)
class Enrolled:
    """An enrolment, the recordings that it was made of, and those that were left out.

    Examples
    --------
    >>> of_two = Enrolled(None, used=["b.wav"], left_out={"a.wav": "no speech"})
    >>> of_two.left_out
    {'a.wav': 'no speech'}
    """

    enrolment: Enrolment
    used: Sequence[str]
    """Names of the recordings."""
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


def enrolled_from(recognizer: Recognizer, source: Recording | Iterable[Recording]) -> Enrolled:
    """Enrol recordings of one speaker; those without speech, and those that cannot be used, are left out.

    Parameters
    ----------
    recognizer
        The model that will be adapted.
    source
        A recording, or several; a folder means all recordings in it and in its subfolders.

    Raises
    ------
    ValueError
        If there is no such file or folder, no recording is left, or the model cannot be adapted to a speaker.

    Examples
    --------
    >>> import ser
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(0, 0.1, 16_000)
    >>> enrolled = enrolled_from(ser.load(all_speech=True), [(noise, 16_000), "no_such_file.wav"])
    >>> enrolled.used, list(enrolled.left_out), enrolled.enrolment.n_recordings
    (['waveform 1'], ['no_such_file.wav'], 1)
    """
    recognizer.check_enrollable()  # before anything is decoded
    recordings, left_out = _listed(source)
    made: dict[str, Enrolment] = {}
    for number, recording in enumerate(recordings, start=1):
        name = str(recording) if isinstance(recording, str | Path) else f"waveform {number}"
        try:
            found = _enrolment(recognizer, recording, name)
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
        raise ValueError(f"{error} ({named(left_out)})" if left_out else str(error)) from None


of = enrolled_from  # its name in version 0.2


def named(left_out: Mapping[str, str]) -> str:
    """Names and reasons of recordings that are not enrolled, the first of them where they are many.

    Examples
    --------
    >>> named({"a.wav": "no speech"})
    'a.wav: no speech'
    """
    shown = [f"{name}: {reason}" for name, reason in list(left_out.items())[:MAX_NAMED]]
    return "; ".join(shown) + (f"; and {len(left_out) - MAX_NAMED} more" if len(left_out) > MAX_NAMED else "")


def _listed(source: Recording | Iterable[Recording]) -> tuple[list[Recording], dict[str, str]]:
    """Recordings, those of folders among them, and the reason for each file that is left out."""
    single = isinstance(source, str | Path) or _is_pair(source)
    if not (single or isinstance(source, Iterable)):
        raise ValueError(f"{source!r:.60} to enrol is no recording; give a folder, or a list of recordings")
    given = cast("Iterable[Recording]", [source] if single else source)
    found: list[Recording] = []
    left_out: dict[str, str] = {}
    for one in given:
        if not isinstance(one, str | Path):
            found.append(one)
        elif not str(one).strip():
            raise ValueError("the name of the folder to enrol is empty; give one with recordings of the speaker")
        elif Path(one).is_dir():
            recordings, others = recordings_in(Path(one))
            found += recordings
            left_out |= {str(path): "it is no recording, by its name and content" for path in others}
        else:
            if single:
                check_exists(Path(one))
            found.append(one)
    return found, left_out


def check_exists(path: Path) -> None:
    """Raise `ValueError` if there is no such file or folder.

    Examples
    --------
    >>> check_exists(Path("no/such"))
    Traceback (most recent call last):
    ValueError: there is no file or folder no/such to enrol; give recordings of the speaker, or a folder with them
    """
    if not path.exists():
        raise ValueError(
            f"there is no file or folder {path} to enrol; give recordings of the speaker, or a folder with them"
        )


def _is_pair(source: object) -> bool:
    """True for a waveform and its sample rate, and not for two of them."""
    return isinstance(source, tuple) and len(source) == 2 and isinstance(source[1], int | float | np.number)


def _enrolment(recognizer: Recognizer, recording: Recording, name: str) -> Enrolment | None:
    if isinstance(recording, str | Path):
        with inputs.opened(Path(recording)) as opened:
            return recognizer.enrolment_of(opened)
    if not _is_pair(recording):
        raise ValueError(f"{name} to enrol has no sample rate; give pairs of a waveform and its rate in Hz, or files")
    return recognizer.enrolment_of(inputs.of_waveform(*recording))
