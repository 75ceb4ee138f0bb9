"""Folder of recordings -> table of utterances, and what was not taken into it."""

import difflib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, NamedTuple

import pandas as pd
import soundfile

from ser import audio, compute, corpora
from ser.corpora import speakers
from ser.corpora.naming import VOCAL_CHANNELS, InvalidName, Naming

# Files that may be recordings by their name; any other is one if libsndfile can open it.
AUDIO_SUFFIXES = {f".{name.lower()}" for name in soundfile.available_formats()} | {
    ".mp3",
    ".aif",
    ".opus",
    ".m4a",
}
VIDEO_SUFFIXES = {".mp4", ".avi", ".mov", ".mkv"}
MAX_LISTED = 50


@dataclass(frozen=True)
class Reject:
    """A file that is not an utterance, why, and what to do."""

    path: str
    reason: str
    remedy: str


class InvalidCorpus(ValueError):
    """Some files of a corpus are not utterances."""

    def __init__(self, root: Path, rejects: list[Reject]) -> None:
        lines = [f"  {reject.path}: {reject.reason}; {reject.remedy}" for reject in rejects[:MAX_LISTED]]
        if len(rejects) > MAX_LISTED:
            lines.append(f"  and {len(rejects) - MAX_LISTED} more")
        head = f"{len(rejects)} invalid file(s) in {root}; mend them, or set corpus.on_invalid=exclude to go on without"
        super().__init__("\n".join([head, *lines]))
        self.rejects = rejects


class Ingested(NamedTuple):
    """A table of utterances, and counts of all that is not in it."""

    utterances: pd.DataFrame
    report: dict[str, Any]


def ingested(
    root: str,
    *,
    name: str,
    reader: str,
    label_map: Mapping[str, str],
    vocal_channels: list[str] | None,
    emotions: list[str] | None,
    on_invalid: str,
    speaker_pattern: str | None = None,
) -> Ingested:
    """Parse, decode and check every recording below `root`.

    Parameters
    ----------
    root
        Folder of the corpus.
    name
        Corpus name, the first part of every utterance and speaker.
    reader
        Module of `ser.corpora` that parses the file names.
    label_map
        Corpus label to canonical emotion.
    vocal_channels, emotions
        What to keep; None keeps all.
    on_invalid
        `error` raises when any file is invalid, `exclude` goes on without those.
    speaker_pattern
        Where names do not state the speaker: a regular expression that finds it in the path below the root, in a group
        named `speaker`. Else a `speakers.csv` in `root` gives the speakers, if there is one.

    Raises
    ------
    ValueError
        If the folder is missing or has no recordings, an option is unknown, or nothing is left.
    InvalidCorpus
        If files are invalid and `on_invalid` is `error`; it lists all of them.
    """
    if on_invalid not in ("error", "exclude"):
        raise ValueError(f"corpus.on_invalid is {on_invalid!r}; it is error or exclude")
    _check_selection(vocal_channels, emotions, label_map)
    folder = Path(root)
    module = corpora.corpus(reader)
    parse = _naming(module, speakers.completion(folder, speaker_pattern), label_map)
    survey = _surveyed(folder, module.KNOWN_DEFECTS, parse, vocal_channels, emotions)
    rows, unreadable = _decoded(folder, name, survey.named)
    rejects = sorted([*survey.rejects, *unreadable, *_same_ids(rows)], key=lambda reject: reject.path)
    if rejects and on_invalid == "error":
        raise InvalidCorpus(folder, rejects)
    if not rows:
        raise ValueError(
            f"no utterance of {root} is left: {len(rejects)} files are invalid (corpus.on_invalid=error lists them),"
            f" {survey.not_selected.total()} not selected by corpus.vocal_channels and corpus.emotions"
        )
    utterances = _with_duplicates(pd.DataFrame(rows).drop_duplicates("utterance"))
    excluded = {
        "rejects": [asdict(reject) for reject in rejects],
        "known_defects": survey.known_defects,
        "not_selected": dict(sorted(survey.not_selected.items())),
        "not_audio": dict(sorted(survey.not_audio.items())),
    }
    return Ingested(utterances, report(utterances) | excluded)


def report(utterances: pd.DataFrame) -> dict[str, Any]:
    """Counts of a table of utterances per emotion, speaker and sex; durations in seconds; duplicates."""
    duration = utterances["duration"]
    return {
        "n_utterances": len(utterances),
        "n_speakers": int(utterances["speaker"].nunique()),
        **{f"per_{column}": _counts(utterances[column]) for column in ("corpus", "emotion", "speaker", "sex")},
        "duration": {
            **{key: round(float(getattr(duration, key)()), 3) for key in ("min", "median", "mean", "max")},
            "total": round(float(duration.sum()), 3),
        },
        "per_sample_rate": _counts(utterances["sample_rate"]),
        "per_channels": _counts(utterances["channels"]),
        "duplicates": dict(
            utterances.dropna(subset=["duplicate_of"]).set_index("utterance")["duplicate_of"].sort_index()
        ),
    }


@dataclass
class _Survey:
    """What the names of the files below a root say."""

    named: list[tuple[PurePosixPath, Naming, str]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    known_defects: dict[str, str] = field(default_factory=dict)
    not_selected: Counter[str] = field(default_factory=Counter)
    not_audio: Counter[str] = field(default_factory=Counter)


NamedEmotion = tuple[Naming, str]


def _naming(
    module: ModuleType, complete: speakers.Completion, label_map: Mapping[str, str]
) -> Callable[[PurePosixPath], NamedEmotion]:
    """Function from a path to what it states and the canonical emotion; it raises `InvalidName`."""

    def parse(path: PurePosixPath) -> NamedEmotion:
        naming = complete(path, module.parse(path))
        return naming, _emotion(naming.corpus_label, label_map)

    return parse


def _surveyed(
    folder: Path,
    known_defects: Mapping[str, str],
    parse: Callable[[PurePosixPath], NamedEmotion],
    vocal_channels: list[str] | None,
    emotions: list[str] | None,
) -> _Survey:
    """Parse the name of every recording below `folder`, and sort out what is not to be read."""
    found, not_audio = _candidates(folder)
    survey = _Survey(not_audio=not_audio)
    for path in found:
        if path.stem in known_defects:
            survey.known_defects[str(path)] = known_defects[path.stem]
            continue
        try:
            naming, emotion = parse(path)
        except InvalidName as error:
            survey.rejects.append(Reject(str(path), error.reason, error.remedy))
            continue
        if vocal_channels is not None and naming.vocal_channel not in vocal_channels:
            survey.not_selected[f"vocal_channel {naming.vocal_channel}"] += 1
        elif emotions is not None and emotion not in emotions:
            survey.not_selected[f"emotion {emotion}"] += 1
        else:
            survey.named.append((path, naming, emotion))
    return survey


def _decoded(
    folder: Path, corpus: str, named: list[tuple[PurePosixPath, Naming, str]]
) -> tuple[list[dict[str, Any]], list[Reject]]:
    """Rows of the recordings that decode well, and rejects of the others."""
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    results = compute.parallel_map(_facts, [folder / path for path, *_ in named], description="ingest", threads=True)
    for (path, naming, emotion), facts in zip(named, results, strict=True):
        if isinstance(facts, audio.InvalidAudio):
            rejects.append(Reject(str(path), facts.reason, facts.remedy))
        else:
            rows.append(_row(corpus, path, naming, emotion) | facts)
    return rows, rejects


def _candidates(folder: Path) -> tuple[list[PurePosixPath], Counter[str]]:
    """Paths below `folder` that may be recordings, in order, and how many files of each other suffix there are."""
    if not folder.is_dir():
        raise ValueError(f"corpus.root {folder} is not a folder; put the corpus there, or set corpus.root")
    found: list[PurePosixPath] = []
    ignored: Counter[str] = Counter()
    for path in sorted(_files(folder), key=lambda path: path.as_posix()):
        if path.suffix.lower() in AUDIO_SUFFIXES | VIDEO_SUFFIXES or _is_audio(path):
            found.append(PurePosixPath(path.relative_to(folder).as_posix()))
        else:
            ignored[path.suffix.lower() or "no suffix"] += 1
    if not found:
        raise ValueError(f"no audio below {folder}; is corpus.root right?")
    return found, ignored


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def _is_audio(path: Path) -> bool:
    try:
        soundfile.info(path)
    except (soundfile.LibsndfileError, TypeError):
        return False
    return True


def _emotion(corpus_label: str, label_map: Mapping[str, str]) -> str:
    if corpus_label not in label_map:
        near = difflib.get_close_matches(corpus_label, label_map, n=1)
        guess = f"did you mean {near[0]!r}? " if near else ""
        raise InvalidName(
            f"unknown emotion {corpus_label!r}",
            f"{guess}known are {', '.join(label_map)}; rename it, or add it to corpus.label_map",
        )
    return label_map[corpus_label]


def _check_selection(
    vocal_channels: list[str] | None, emotions: list[str] | None, label_map: Mapping[str, str]
) -> None:
    known = {"vocal_channels": VOCAL_CHANNELS, "emotions": tuple(dict.fromkeys(label_map.values()))}
    for setting, chosen in (("vocal_channels", vocal_channels), ("emotions", emotions)):
        if unknown := sorted(set(chosen or ()) - set(known[setting])):
            raise ValueError(f"corpus.{setting} names {', '.join(unknown)}; the corpus has {', '.join(known[setting])}")


def _facts(path: Path) -> dict[str, Any] | audio.InvalidAudio:
    """What decoding says of one recording, or why it cannot be used."""
    try:
        recording = audio.read(path)
    except audio.InvalidAudio as error:
        return error
    except OSError as error:
        return audio.InvalidAudio(
            f"cannot be opened ({error.strerror})", "check its permissions, or where its link leads"
        )
    return {
        "sample_rate": recording.sample_rate,
        "channels": recording.channels,
        "n_samples": recording.waveform.size,
        "duration": round(recording.duration, 6),
        "audio_hash": recording.audio_hash,
    }


def _row(corpus: str, path: PurePosixPath, naming: Naming, emotion: str) -> dict[str, Any]:
    return {
        "utterance": f"{corpus}/{path.with_suffix('')}",
        "corpus": corpus,
        "path": str(path),
        "speaker": naming.speaker and f"{corpus}/{naming.speaker}",
        "sex": naming.sex,
        "language": naming.language,
        "emotion": emotion,
        "corpus_label": naming.corpus_label,
        "intensity": naming.intensity,
        "statement": naming.statement,
        "repetition": naming.repetition,
        "vocal_channel": naming.vocal_channel,
    }


def _same_ids(rows: list[dict[str, Any]]) -> list[Reject]:
    """Files whose utterance another file, earlier in order, is already: `x.wav` and `x.flac`."""
    first: dict[str, str] = {}
    return [
        Reject(row["path"], f"the utterance {row['utterance']} is {path} already", "keep one of them")
        for row in rows
        if (path := first.setdefault(row["utterance"], row["path"])) != row["path"]
    ]


def _with_duplicates(utterances: pd.DataFrame) -> pd.DataFrame:
    """Order by utterance; `duplicate_of` names the first utterance with the same samples."""
    utterances = utterances.sort_values("utterance", ignore_index=True)
    first = utterances.groupby("audio_hash")["utterance"].transform("first")
    return utterances.assign(duplicate_of=first.where(first != utterances["utterance"]).astype("str"))


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(key): int(count) for key, count in column.value_counts().sort_index().items()}
