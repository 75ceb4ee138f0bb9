"""Utterances that are parts of a longer recording, which is decoded once for all of them."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ser.audio import cells, reading
from ser.audio.invalid import InvalidAudio, Kind
from ser.audio.reading import Recording

if TYPE_CHECKING:  # the service has no pandas
    import pandas as pd

TOLERANCE = 0.01  # seconds that an end may lie behind that of the recording: lists round to two decimals

_last = threading.local()  # of each thread: the last recording that was cut


class Segment(NamedTuple):
    """Part of a recording, in seconds; an end of None is that of the recording.

    Examples
    --------
    >>> Segment(1.5, 3.0).end
    3.0
    """

    start: float
    end: float | None


def of_rows(utterances: "pd.DataFrame") -> list[Segment | None]:
    """Segment of each row of a table of utterances; None for a whole recording.

    Examples
    --------
    >>> import pandas as pd
    >>> of_rows(pd.DataFrame({"path": ["a.wav", "b.wav"], "start": [1.5, None], "end": [None, None]}))
    [Segment(start=1.5, end=None), None]
    """
    if "start" not in utterances:
        return [None] * len(utterances)
    spans = zip(utterances["start"].tolist(), utterances["end"].tolist(), strict=True)
    known = ([None if value is None or value != value else float(value) for value in span] for span in spans)
    return [None if start is None and end is None else Segment(start or 0.0, end) for start, end in known]


def of_utterances(utterances: "pd.DataFrame", root: Path) -> dict[str, tuple[Path, Segment | None]]:
    """File and segment of each utterance by its id, in the order of the table.

    Parameters
    ----------
    root
        Folder that the paths are relative to.

    Examples
    --------
    >>> import pandas as pd
    >>> of_utterances(pd.DataFrame({"utterance": ["x/a"], "path": ["a.wav"]}), Path("/data"))["x/a"]
    (PosixPath('/data/a.wav'), None)
    """
    paths = (root / path for path in utterances["path"])
    return dict(zip(utterances["utterance"], zip(paths, of_rows(utterances), strict=True), strict=True))


def read(path: Path, segment: Segment | None = None) -> Recording:
    """Decode and check an utterance: a whole recording, or a part of one.

    Raises
    ------
    InvalidAudio
        If the recording is not valid, the segment does not lie in it, or the part is silent or too short.
    OSError
        If the file cannot be opened.

    Examples
    --------
    >>> import soundfile
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder, "a.wav"), [0.5, -0.5] * 8000, 16_000)
    ...     read(Path(folder, "a.wav"), Segment(0.25, 0.75)).duration
    0.5
    """
    return reading.read(path) if segment is None else cut(_whole(path), segment)


def cut(recording: Recording, segment: Segment) -> Recording:
    """Part of a recording, checked as a recording of its own.

    Raises
    ------
    InvalidAudio
        If the segment does not lie in the recording, or the part is silent or too short.

    Examples
    --------
    >>> recording = Recording(np.tile(np.float32([0.5, -0.5]), 8000), sample_rate=16_000, channels=1)
    >>> cut(recording, Segment(0.5, None)).waveform.shape
    (8000,)
    >>> cut(recording, Segment(0.5, 2))
    Traceback (most recent call last):
    ser.audio.invalid.InvalidAudio: the segment from 0.5 to 2 s ends after the recording, which has 1 s; mend its end
    """
    start, end = segment
    if start >= recording.duration or (end or 0) > recording.duration + TOLERANCE:
        which = "start" if start >= recording.duration else "end"
        span = f"from {start:g} s" if end is None else f"from {start:g} to {end:g} s"
        found = f"the segment {span} {which}s after the recording, which has {recording.duration:.6g} s"
        raise InvalidAudio(Kind.TOO_SHORT, found, f"mend its {which}")
    last = None if end is None else round(end * recording.sample_rate)
    waveform = np.ascontiguousarray(recording.waveform[round(start * recording.sample_rate) : last])
    return reading.checked(replace(recording, waveform=waveform))


def _whole(path: Path) -> Recording:
    """Decode a recording, unless it is the last one that this thread decoded."""
    facts = cells.file_of(path).stat()
    key = path, facts.st_size, facts.st_mtime_ns
    if getattr(_last, "key", None) != key:
        _last.key, _last.recording = None, None  # frees the memory before the next one is decoded
        _last.recording = reading.read(path)
        _last.key = key
    recording: Recording = _last.recording
    return recording
