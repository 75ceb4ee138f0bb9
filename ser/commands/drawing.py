"""The part of `ser describe` that draws single recordings."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ser.audio.waveforms import Waveform
from ser.commands import Failed, shown
from ser.core import files, params, tables
from ser.description.acoustics import measurements
from ser.description.summaries import recording_facts
from ser.figures import recording_figures
from ser.serving import inputs

LONGEST = 60.0  # seconds of a recording that are described
MAX_STEM = 100  # characters of a picture's name
N_LISTED = 3  # ids in a message


class Sought(NamedTuple):
    """A recording that is to be drawn."""

    name: str
    path: Path
    labels: tuple[str, ...] = ()
    """Emotion and speaker, where known."""


def drawn(names: Sequence[str], out: Path, *, utterances: Path) -> str:
    """Draw the recordings that are named, each into a picture of its own; what to print of them.

    Parameters
    ----------
    names
        Paths of files, and ids of the table `utterances`, or the ends of such ids.

    Raises
    ------
    ValueError
        If one is neither; then none is drawn.
    Failed
        If one cannot be read; the others are drawn.
    """
    study = Study(utterances)
    sought = [study.sought(name) for name in dict.fromkeys(names)]
    lines, failures = [], []
    for one, stem in zip(sought, _stems([one.name for one in sought]), strict=True):
        path = out / f"{stem}.png"
        try:
            lines += [f"{shown(one.name)}: {_described(one, path)}", f"  {path}"]
        except (ValueError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            failures.append(f"{shown(one.name)}: {reason or error}")
    if failures:
        print(*lines, sep="\n", end="\n" if lines else "")
        raise Failed("; ".join(failures))
    return "\n".join(lines)


def _described(sought: Sought, path: Path) -> str:
    """Write the picture of one recording; what to print of it."""
    with inputs.opened(sought.path) as recording:
        waveform = np.concatenate([np.empty(0, np.float32), *_beginning(recording)])
        rate, duration = recording.sample_rate, recording.duration
    if not waveform.size:
        raise ValueError("it has no samples; record it anew")
    values = measurements(waveform, rate)
    facts = recording_facts(values, sample_rate=rate, duration=duration, measured=waveform.size / rate)
    title = ", ".join([shown(sought.name), *sought.labels])
    figure = recording_figures.side_by_side(waveform, rate, title=title, facts=facts)
    with files.replacing(path) as temporary:
        figure.savefig(temporary)
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def _beginning(recording: inputs.Input) -> Iterator[Waveform]:
    """The first minute, in pieces."""
    wanted = round(LONGEST * recording.sample_rate)
    for block in recording.blocks:
        yield block[:wanted]
        wanted -= block.size
        if wanted <= 0:
            return


class Study:
    """The utterances of the study that one is in, if any, and where their audio is."""

    def __init__(self, utterances: Path) -> None:
        """`utterances` is their table, which need not be there."""
        known = tables.read_utterances(utterances) if utterances.is_file() else None
        root = Path(params.load("corpus.root")["corpus.root"]) if known is not None else Path()
        rows = [] if known is None else known.to_dict("records")
        self.table = utterances
        self.by_id = {
            row["utterance"]: Sought(row["utterance"], root / row["path"], _labels(row["emotion"], row["speaker"]))
            for row in rows
        }

    def sought(self, name: str) -> Sought:
        """The utterance with an id, or the only one whose id ends so; or else a file, whose labels may be known.

        Raises
        ------
        ValueError
            If there is none, or it is a folder.
        """
        if name in self.by_id:
            return self.by_id[name]
        path = Path(name)
        try:
            if path.is_dir():
                raise ValueError(f"{shown(name)} is a folder; name recordings, or none to describe the whole corpus")
            if path.is_file():
                return self.by_path.get(path.resolve(), Sought(path.name, path))
        except OSError as error:  # as of a name that is too long
            raise ValueError(f"{shown(name)}: {error.strerror}") from None
        ending = [known for known in self.by_id if known.endswith(f"/{name}")]
        if len(ending) == 1:
            return self.by_id[ending[0]]
        raise ValueError(f"{shown(name)} is no file, and {self._no_utterance(name, ending)}")

    @cached_property
    def by_path(self) -> dict[Path, Sought]:
        """Utterances by their files, links followed."""
        return {sought.path.resolve(): sought for sought in self.by_id.values()}

    def _no_utterance(self, name: str, ending: Sequence[str]) -> str:
        if not self.by_id:
            return f"there is no {self.table} here whose utterance it could be; give the path of a recording"
        if ending:
            return f"the end of {len(ending)} ids in {self.table}: {', '.join(ending[:N_LISTED])}; give one of them"
        alike = get_close_matches(name, self.by_id, n=N_LISTED) or list(self.by_id)[:1]
        return f"no utterance of {self.table}, whose ids are such as {', '.join(alike)}"


def _labels(emotion: str, speaker: object) -> tuple[str, ...]:
    return (emotion, f"speaker {speaker}") if isinstance(speaker, str) else (emotion,)


def _stems(names: Sequence[str]) -> list[str]:
    """A file name for each, without what file systems or people stumble over; no two are equal."""
    stems: list[str] = []
    for name in names:
        plain = re.sub(r"[^\w.-]+", "_", name).strip("_.")[-MAX_STEM:] or "recording"
        number = next(k for k in count(1) if (f"{plain}-{k}" if k > 1 else plain) not in stems)
        stems.append(f"{plain}-{number}" if number > 1 else plain)
    return stems
