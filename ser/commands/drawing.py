"""Pictures of single recordings, for `ser describe`."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ser.audio import segments
from ser.audio.waveforms import Waveform
from ser.commands import Failed, printable
from ser.core import files, params_file, tables
from ser.description.acoustics import measurements
from ser.description.summaries import recording_facts
from ser.figures.recordings import overview
from ser.serving import inputs

LONGEST = 60.0  # seconds; the rest of a longer recording is not described
MAX_STEM = 100  # characters in the name of a picture
N_LISTED = 3  # ids listed in a message


class Recording(NamedTuple):
    """Recording to draw.

    Examples
    --------
    >>> Recording("ravdess/a", Path("a.wav"), ("angry", "speaker ravdess/01")).labels
    ('angry', 'speaker ravdess/01')
    """

    name: str
    path: Path
    labels: tuple[str, ...] = ()
    """Emotion and speaker, if known."""
    segment: segments.Segment | None = None


def draw(names: Sequence[str], out: Path, *, utterances: Path) -> str:
    """Draw one picture of each recording into the folder `out`, and return the text to print.

    Parameters
    ----------
    names
        Paths of audio files, and ids of utterances or the ends of such ids.
    utterances
        Table of utterances; it may be missing.

    Raises
    ------
    ValueError
        If a name is neither; then nothing is drawn.
    Failed
        If a recording cannot be read; the others are drawn.
    """
    known = KnownRecordings(utterances)
    found = [known.find(name) for name in dict.fromkeys(names)]
    lines, failures = [], []
    for one, stem in zip(found, _stems([one.name for one in found]), strict=True):
        path = out / f"{stem}.png"
        try:
            lines += [f"{printable(one.name)}: {_described(one, path)}", f"  {path}"]
        except (ValueError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            failures.append(f"{printable(one.name)}: {reason or error}")
    if failures:
        print(*lines, sep="\n", end="\n" if lines else "")
        raise Failed("; ".join(failures))
    return "\n".join(lines)


def _described(recording: Recording, path: Path) -> str:
    """Write the picture of one recording to `path`, and return its facts as text."""
    if recording.segment is not None:
        part = segments.read(recording.path, recording.segment)
        waveform, rate, duration = part.waveform[: round(LONGEST * part.sample_rate)], part.sample_rate, part.duration
    else:
        with inputs.opened(recording.path) as source:
            waveform = np.concatenate([np.empty(0, np.float32), *_beginning(source)])
            rate, duration = source.sample_rate, source.duration
    if not waveform.size:
        raise ValueError("it has no samples; record it again")
    values = measurements(waveform, rate)
    facts = recording_facts(values, sample_rate=rate, duration=duration, measured=waveform.size / rate)
    title = ", ".join([printable(recording.name), *recording.labels])
    figure = overview(waveform, rate, title=title, facts=facts)
    with files.replacing(path) as temporary:
        figure.savefig(temporary)
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def _beginning(source: inputs.Input) -> Iterator[Waveform]:
    """Blocks of the first minute."""
    wanted = round(LONGEST * source.sample_rate)
    for block in source.blocks:
        yield block[:wanted]
        wanted -= block.size
        if wanted <= 0:
            return


class KnownRecordings:
    """Utterances of the study in the current folder, with the paths of their audio.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "angry.wav").touch()
    ...     known = KnownRecordings(Path(folder, "utterances.csv"))  # there is no study
    ...     known.find(f"{folder}/angry.wav").name, known.by_path
    ('angry.wav', {})
    """

    def __init__(self, utterances: Path) -> None:
        """Read the table `utterances`; without it there are no known recordings."""
        known = tables.read_utterances(utterances) if utterances.is_file() else None
        root = Path(params_file.load("corpus.root")["corpus.root"]) if known is not None else Path()
        rows = [] if known is None else known.to_dict("records")
        parts = {} if known is None else segments.of_utterances(known, root)
        self.table = utterances
        self.by_id = {
            (name := row["utterance"]): Recording(
                name, parts[name][0], _labels(row["emotion"], row["speaker"]), parts[name][1]
            )
            for row in rows
        }

    def find(self, name: str) -> Recording:
        """Recording with the id `name`, or with that path, or the only one whose id ends with it.

        Raises
        ------
        ValueError
            If there is none, or `name` is a folder.
        """
        if name in self.by_id:
            return self.by_id[name]
        path = Path(name)
        try:
            if path.is_dir():
                raise ValueError(
                    f"{printable(name)} is a folder; give recordings, or nothing to describe the whole corpus"
                )
            if path.is_file():
                return self.by_path.get(path.resolve(), Recording(path.name, path))
        except OSError as error:  # such as a name that is too long
            raise ValueError(f"{printable(name)}: {error.strerror}") from None
        ending = [known for known in self.by_id if known.endswith(f"/{name}")]
        if len(ending) == 1:
            return self.by_id[ending[0]]
        raise ValueError(f"{printable(name)} is not a file, and {self._no_utterance(name, ending)}")

    @cached_property
    def by_path(self) -> dict[Path, Recording]:
        """Utterances that are whole recordings, by the resolved paths of their files."""
        return {one.path.resolve(): one for one in self.by_id.values() if one.segment is None}

    def _no_utterance(self, name: str, ending: Sequence[str]) -> str:
        if not self.by_id:
            return f"there is no {self.table} here to look for an utterance; give the path of a recording"
        if ending:
            return f"{len(ending)} ids in {self.table} end with it: {', '.join(ending[:N_LISTED])}; give one of them"
        alike = get_close_matches(name, self.by_id, n=N_LISTED)
        if not alike:  # a short end of a long id resembles the end alone
            ends = get_close_matches(name, {_end(known) for known in self.by_id}, n=N_LISTED)
            alike = [known for known in self.by_id if _end(known) in ends][:N_LISTED]
        such = ", ".join(alike or list(self.by_id)[:1])
        return f"{self.table} has no such utterance; give an id of it, such as {such}"


def _end(known: str) -> str:
    return known.rpartition("/")[2]


def _labels(emotion: str, speaker: object) -> tuple[str, ...]:
    return (emotion, f"speaker {speaker}") if isinstance(speaker, str) else (emotion,)


def _stems(names: Sequence[str]) -> list[str]:
    """File name for each recording, in letters, digits, `_`, `.` and `-`; no two are equal."""
    stems: list[str] = []
    for name in names:
        plain = re.sub(r"[^\w.-]+", "_", name).strip("_.")[-MAX_STEM:] or "recording"
        number = next(k for k in count(1) if (f"{plain}-{k}" if k > 1 else plain) not in stems)
        stems.append(f"{plain}-{number}" if number > 1 else plain)
    return stems
