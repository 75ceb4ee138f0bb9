"""Folder of recordings -> table of utterances, and what was not taken into it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pandas as pd

from ser import audio, compute
from ser import corpora as readers
from ser.corpora.naming import VOCAL_CHANNELS, InvalidName
from ser.labels import canonical, check_map
from ser.survey import Named, Reject, Survey, survey
from ser.tables import EMOTIONS

MAX_LISTED = 50
MAX_OF_A_KIND = 5  # of one folder and reason, before others had their turn
ON_INVALID = ("error", "exclude")


class InvalidCorpus(ValueError):
    """Some files of a corpus are not utterances."""

    def __init__(self, root: Path, rejects: list[Reject]) -> None:
        # The first of each folder and reason come first: many files of one kind must not hide another kind.
        kinds: Counter[tuple[str, str]] = Counter()
        ranked = []
        for reject in rejects:
            kind = str(PurePosixPath(reject.path).parent), reject.reason
            ranked.append((kinds[kind] >= MAX_OF_A_KIND, reject.path, reject))
            kinds[kind] += 1
        shown = sorted(reject for *_, reject in sorted(ranked, key=lambda entry: entry[:2])[:MAX_LISTED])
        lines = [f"  {reject.path}: {reject.reason}; {reject.remedy}" for reject in shown]
        if len(rejects) > MAX_LISTED:
            lines.append(f"  and {len(rejects) - MAX_LISTED} more")
        head = f"{len(rejects)} invalid file(s) in {root}; mend them, or set corpus.on_invalid=exclude to go on without"
        super().__init__("\n".join([head, *lines]))
        self.rejects = rejects


class Ingested(NamedTuple):
    """A table of utterances, and counts of all that is not in it."""

    utterances: pd.DataFrame
    report: dict[str, Any]


class Labelled(NamedTuple):
    """A recording to decode, and the emotion that it is an utterance of."""

    path: PurePosixPath
    """Relative to the root."""
    entry: Named
    emotion: str


@dataclass
class Part:
    """One corpus: the rows of its utterances, and what is not in them."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    known_defects: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, dict[str, int]] = field(default_factory=dict)
    not_selected: Counter[str] = field(default_factory=Counter)
    copies: Counter[str] = field(default_factory=Counter)
    substitutes: Counter[str] = field(default_factory=Counter)
    not_audio: Counter[str] = field(default_factory=Counter)


def ingested(
    root: str,
    *,
    name: str,
    on_invalid: str,
    scheme: Mapping[str, str | None],
    members: Mapping[str, Mapping[str, Any]] | None = None,
    corpora: list[str] | None = None,
    **reading: Any,
) -> Ingested:
    """Parse, decode and check every recording below `root`, of one corpus or of several.

    Parameters
    ----------
    root
        Folder of the corpus `name`; of several, the folder that holds one folder each, named like its member.
    on_invalid
        `error` raises when any file is invalid, `exclude` goes on without those.
    scheme
        Canonical emotion to its label, or to None where it is dropped, as `ser.labels.merged` gives it.
    members
        Of several corpora: the keyword arguments of `corpus_part` of each that may be there.
    corpora
        Of several: those to read, each of which must be there; None reads every one that is.
    reading
        Of one: the keyword arguments of `corpus_part`.

    Raises
    ------
    ValueError
        If a folder is missing or has no recordings, an option is unknown, or nothing is left.
    InvalidCorpus
        If files are invalid and `on_invalid` is `error`; it lists all of them.
    """
    if on_invalid not in ON_INVALID:
        raise ValueError(f"corpus.on_invalid is {on_invalid!r}; it is error or exclude")
    top = Path(root)
    strays = list(reading) if members is not None else ["corpora"] if corpora is not None else []
    if strays:
        raise TypeError(f"ingested() got an unexpected keyword argument {strays[0]!r} for this kind of corpus")
    if members is None:
        return _joined([corpus_part(top, "", name=name, scheme=scheme, **reading)], top, on_invalid, not_read=[])
    chosen = present(top, members, corpora)
    parts = [corpus_part(top, member, name=member, scheme=scheme, **members[member]) for member in chosen]
    return _joined(parts, top, on_invalid, not_read=_folders_not_read(top, chosen))


def present(root: Path, members: Iterable[str], corpora: list[str] | None) -> list[str]:
    """Members that have a folder in `root`, of `corpora` if that is not None.

    Raises
    ------
    ValueError
        If there is none, or `corpora` names one that is unknown or lacks its folder.
    """
    members = list(members)
    if isinstance(corpora, str):
        raise ValueError(f"corpus.corpora is {corpora!r}; write it as a list: [{corpora}]")
    if unknown := [name for name in corpora or () if name not in members]:
        raise ValueError(f"corpus.corpora names {', '.join(unknown)}; the members are {', '.join(members)}")
    if missing := [name for name in corpora or () if not (root / name).is_dir()]:
        raise ValueError(
            f"corpus.corpora names {', '.join(missing)}, and {root} has no folder of that name; `ser download"
            f" {missing[0]}` fetches it or says how, `ser corpora` lists what is there"
        )
    found = [name for name in dict.fromkeys(members if corpora is None else corpora) if (root / name).is_dir()]
    if not found:
        raise ValueError(
            f"{root} has no corpus; it holds one folder each, of {', '.join(members)}. `ser download ravdess` fetches"
            " one, `ser corpora` lists what is there"
        )
    return found


def corpus_part(
    root: Path,
    folder: str,
    *,
    name: str,
    reader: str,
    label_map: Mapping[str, str],
    scheme: Mapping[str, str | None],
    vocal_channels: list[str] | None = None,
    speaker_pattern: str | None = None,
) -> Part:
    """Parse, decode and check the recordings of one corpus in `root / folder`.

    Parameters
    ----------
    name
        Corpus name, the first part of every utterance and speaker.
    reader
        Module of `ser.corpora` that parses the file names.
    label_map
        Corpus label to canonical emotion.
    vocal_channels
        What to keep; None keeps all.
    speaker_pattern
        Where names do not state the speaker: a regular expression that finds it in the path below the root, in a group
        named `speaker`. Else a `speakers.csv` in the folder gives the speakers, if there is one.
    """
    setting = f"corpus.members.{folder}" if folder else "corpus"
    if unknown := sorted(set(vocal_channels or ()) - set(VOCAL_CHANNELS)):
        known = ", ".join(VOCAL_CHANNELS)
        raise ValueError(f"{setting}.vocal_channels names {', '.join(unknown)}; the corpus has {known}")
    check_map(label_map, setting)
    found = survey(root / folder, readers.corpus(reader), speaker_pattern=speaker_pattern)
    if not (found.named or found.rejects or found.known_defects):
        raise ValueError(f"no audio below {root / folder}; is corpus.root right?")
    prefix = PurePosixPath(folder)
    part = Part(
        rejects=[Reject(str(prefix / reject.path), reject.reason, reject.remedy) for reject in found.rejects],
        known_defects={str(prefix / path): defect for path, defect in found.known_defects.items()},
        substitutes=_below(prefix, found.substitutes),
        not_audio=found.not_audio,
    )
    wanted = _wanted(
        part, found, prefix, name, partial(canonical, label_map=label_map, setting=setting), scheme, vocal_channels
    )
    _decode(part, root, name, wanted)
    return part


def _wanted(
    part: Part,
    found: Survey,
    prefix: PurePosixPath,
    corpus: str,
    emotion_of: Callable[[str], str],
    scheme: Mapping[str, str | None],
    vocal_channels: list[str] | None,
) -> list[Labelled]:
    """Files to decode; the others are counted in `part`."""
    wanted: list[Labelled] = []
    dropped: dict[str, set[str]] = {}
    for entry in found.named:
        path = prefix / entry.path
        try:
            emotion = emotion_of(entry.naming.corpus_label)
        except InvalidName as error:
            part.rejects.append(Reject(str(path), error.reason, error.remedy))
            continue
        label = scheme[emotion]
        if vocal_channels is not None and entry.naming.vocal_channel not in vocal_channels:
            part.not_selected[f"{corpus}, {entry.naming.vocal_channel}"] += 1
        elif label is None:
            dropped.setdefault(emotion, set()).add(entry.recording)
        else:
            wanted.append(Labelled(path, entry, label))
    if dropped:
        part.dropped[corpus] = {emotion: len(dropped[emotion]) for emotion in EMOTIONS if emotion in dropped}
    return wanted


def _decode(part: Part, root: Path, corpus: str, wanted: list[Labelled]) -> None:
    """Fill `part` with the rows of the recordings that decode well; a copy of one is counted, not taken."""
    first: dict[str, dict[str, Any]] = {}
    results = compute.parallel_map(
        _facts, [root / path for path, *_ in wanted], description=f"ingest {corpus}", threads=True
    )
    for labelled, facts in zip(wanted, results, strict=True):
        path = labelled.path
        if isinstance(facts, audio.InvalidAudio):
            part.rejects.append(Reject(str(path), facts.reason, facts.remedy))
            continue
        row = _row(corpus, labelled) | facts
        before = first.setdefault(row["utterance"], row)
        if before is row:
            part.rows.append(row)
        elif before["audio_hash"] == row["audio_hash"]:
            part.copies[str(path.parent)] += 1
        else:
            reason = f"the utterance {row['utterance']} is {before['path']} already, with other audio"
            part.rejects.append(Reject(str(path), reason, "keep one of them"))


def _joined(parts: list[Part], root: Path, on_invalid: str, *, not_read: list[str]) -> Ingested:
    """The parts as one table in the order of utterances, and one report."""
    rejects = sorted((reject for part in parts for reject in part.rejects), key=lambda reject: reject.path)
    if rejects and on_invalid == "error":
        raise InvalidCorpus(root, rejects)
    rows = [row for part in parts for row in part.rows]
    dropped = {corpus: counts for part in parts for corpus, counts in part.dropped.items()}
    not_selected = _total(part.not_selected for part in parts)
    if not rows:
        n_dropped = sum(sum(counts.values()) for counts in dropped.values())
        raise ValueError(
            f"no utterance of {root} is left: {len(rejects)} files are invalid (corpus.on_invalid=error lists them),"
            f" {n_dropped} dropped by labels, {sum(not_selected.values())} not selected by corpus.vocal_channels"
        )
    utterances = _with_duplicates(pd.DataFrame(rows))
    excluded = {
        "dropped": dropped,
        "rejects": [asdict(reject) for reject in rejects],
        "known_defects": {path: defect for part in parts for path, defect in part.known_defects.items()},
        "not_selected": not_selected,
        "copies": _total(part.copies for part in parts),
        "substitutes": _total(part.substitutes for part in parts),
        "not_audio": _total(part.not_audio for part in parts),
        "not_read": not_read,
    }
    return Ingested(utterances, report(utterances) | excluded)


def report(utterances: pd.DataFrame) -> dict[str, Any]:
    """Counts of a table of utterances per corpus, emotion, speaker and sex; durations in seconds; duplicates."""
    duration = utterances["duration"]
    return {
        "n_utterances": len(utterances),
        "n_speakers": int(utterances["speaker"].nunique()),
        **{f"per_{column}": _counts(utterances[column]) for column in ("corpus", "emotion", "speaker", "sex")},
        "per_corpus_label": {
            corpus: {emotion: _counts(labels) for emotion, labels in rows.groupby("emotion")["corpus_label"]}
            for corpus, rows in utterances.groupby("corpus")
        },
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


def _row(corpus: str, labelled: Labelled) -> dict[str, Any]:
    naming = labelled.entry.naming
    return {
        "utterance": f"{corpus}/{labelled.entry.recording}",
        "corpus": corpus,
        "path": str(labelled.path),
        "speaker": naming.speaker and f"{corpus}/{naming.speaker}",
        "sex": naming.sex,
        "language": naming.language,
        "emotion": labelled.emotion,
        "corpus_label": naming.corpus_label,
        "intensity": naming.intensity,
        "statement": naming.statement,
        "repetition": naming.repetition,
        "vocal_channel": naming.vocal_channel,
    }


def _with_duplicates(utterances: pd.DataFrame) -> pd.DataFrame:
    """Order by utterance; `duplicate_of` names the first utterance with the same samples."""
    utterances = utterances.sort_values("utterance", ignore_index=True)
    first = utterances.groupby("audio_hash")["utterance"].transform("first")
    return utterances.assign(duplicate_of=first.where(first != utterances["utterance"]).astype("str"))


def _folders_not_read(root: Path, chosen: list[str]) -> list[str]:
    """Names of the folders in `root` that are not among the chosen corpora."""
    return sorted(
        path.name
        for path in root.iterdir()
        if path.is_dir() and path.name not in chosen and not path.name.startswith(".")
    )


def _below(prefix: PurePosixPath, counts: Counter[str]) -> Counter[str]:
    return Counter({str(prefix / folder): count for folder, count in counts.items()})


def _total(counters: Iterable[Counter[str]]) -> dict[str, int]:
    return dict(sorted(sum(counters, Counter()).items()))


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(key): int(count) for key, count in column.value_counts().sort_index().items()}
