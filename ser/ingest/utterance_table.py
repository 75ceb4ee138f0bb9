"""Folder of recordings -> table of utterances, a chunk of rows at a time, and what was not taken into it."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from uuid import uuid4

import pandas as pd

from ser import corpora as readers
from ser.audio import reading
from ser.compute import cache, code_digest, spread
from ser.compute.cached_map import CHUNK, computed
from ser.core.tables import EMOTIONS, TEXT, UTTERANCES
from ser.corpora.labels import canonical, check_map
from ser.corpora.naming import VOCAL_CHANNELS, InvalidName, Naming
from ser.ingest import decoding
from ser.ingest.counts import Tally
from ser.ingest.survey import Reject, Survey, survey

MAX_LISTED = 50
MAX_OF_A_KIND = 5  # of one folder and reason, before others had their turn
ON_INVALID = ("error", "exclude")
ROWS = 1024  # that are made at a time
TEXT_COLUMNS = {column: "str" for column in UTTERANCES.columns if column in TEXT}  # even where nothing is stated


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


class Recording(NamedTuple):
    """A file to decode: what its name says."""

    utterance: str
    path: str
    """Relative to the root."""
    corpus: str
    emotion: str
    naming: Naming


def utterances(
    root: str,
    *,
    name: str,
    on_invalid: str,
    scheme: Mapping[str, str | None],
    tally: Tally,
    members: Mapping[str, Mapping[str, Any]] | None = None,
    corpora: list[str] | None = None,
    **reading: Any,
) -> Iterator[pd.DataFrame]:
    """Rows of the table of utterances, `ROWS` at a time, in the order of utterances; one corpus, or several.

    Every recording below `root` is parsed, decoded and checked. What decoding said before of the same bytes comes from
    the cache.

    Parameters
    ----------
    root
        Folder of the corpus `name`; of several, the folder that holds one folder each, named like its member.
    on_invalid
        `error` raises when any file is invalid, once all are seen; `exclude` goes on without those.
    scheme
        Canonical emotion to its label, or to None where it is dropped, as `ser.corpora.labels.merged` gives it.
    tally
        Counts the rows, and what is in none; it is complete when the last rows were made.
    members
        Of several corpora: the keyword arguments of `corpus_recordings` of each that may be there.
    corpora
        Of several: those to read, each of which must be there; None reads every one that is.
    reading
        Of one: the keyword arguments of `corpus_recordings`.

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
        raise TypeError(f"utterances() got an unexpected keyword argument {strays[0]!r} for this kind of corpus")
    if members is None:
        recordings = corpus_recordings(top, "", name=name, scheme=scheme, tally=tally, **reading)
    else:
        chosen = present(top, members, corpora)
        tally.not_read = _folders_not_read(top, chosen)
        recordings = []
        for member in chosen:
            recordings += corpus_recordings(top, member, name=member, scheme=scheme, tally=tally, **members[member])
    recordings.sort(key=attrgetter("utterance"))  # of one utterance the likeliest file stays before its copies
    return _tables(top, recordings, tally, on_invalid)


def _tables(root: Path, recordings: Sequence[Recording], tally: Tally, on_invalid: str) -> Iterator[pd.DataFrame]:
    rows = _rows(root, recordings, tally)
    while some := list(islice(rows, ROWS)):
        table = pd.DataFrame(some).astype(TEXT_COLUMNS)
        tally.add(table)
        yield table
    if tally.rejects and on_invalid == "error":
        raise InvalidCorpus(root, sorted(tally.rejects))
    if not tally.n_utterances:
        n_dropped = sum(sum(counts.values()) for counts in tally.dropped.values())
        raise ValueError(
            f"no utterance of {root} is left: {len(tally.rejects)} files are invalid (corpus.on_invalid=error lists"
            f" them), {n_dropped} dropped by labels, {tally.not_selected.total()} not selected by corpus.vocal_channels"
        )


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


def corpus_recordings(
    root: Path,
    folder: str,
    *,
    name: str,
    reader: str,
    label_map: Mapping[str, str],
    scheme: Mapping[str, str | None],
    tally: Tally,
    vocal_channels: list[str] | None = None,
    speaker_pattern: str | None = None,
) -> list[Recording]:
    """Recordings of one corpus in `root / folder` that are to be decoded, by their names; others are tallied.

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
    tally.rejects += [Reject(str(prefix / reject.path), reject.reason, reject.remedy) for reject in found.rejects]
    tally.known_defects |= {str(prefix / path): defect for path, defect in found.known_defects.items()}
    tally.substitutes += Counter({str(prefix / path): count for path, count in found.substitutes.items()})
    tally.not_audio += found.not_audio
    emotion_of = partial(canonical, label_map=label_map, setting=setting)
    return _wanted(found, prefix, name, emotion_of, scheme, vocal_channels, tally)


def _wanted(
    found: Survey,
    prefix: PurePosixPath,
    corpus: str,
    emotion_of: Callable[[str], str],
    scheme: Mapping[str, str | None],
    vocal_channels: list[str] | None,
    tally: Tally,
) -> list[Recording]:
    """Files to decode; the others are tallied."""
    wanted: list[Recording] = []
    dropped: dict[str, set[str]] = {}
    for entry in found.named:
        path = str(prefix / entry.path)
        try:
            emotion = emotion_of(entry.naming.corpus_label)
        except InvalidName as error:
            tally.rejects.append(Reject(path, error.reason, error.remedy))
            continue
        label = scheme[emotion]
        if vocal_channels is not None and entry.naming.vocal_channel not in vocal_channels:
            tally.not_selected[f"{corpus}, {entry.naming.vocal_channel}"] += 1
        elif label is None:
            dropped.setdefault(emotion, set()).add(entry.recording)
        else:
            wanted.append(Recording(f"{corpus}/{entry.recording}", path, corpus, label, entry.naming))
    if dropped:
        tally.dropped[corpus] = {emotion: len(dropped[emotion]) for emotion in EMOTIONS if emotion in dropped}
    return wanted


def _rows(root: Path, recordings: Sequence[Recording], tally: Tally) -> Iterator[dict[str, Any]]:
    """Rows of the recordings that decode well; a copy of one is tallied, not taken.

    `duplicate_of` is the first utterance with the same samples.
    """
    taken: dict[str, Any] = {"utterance": None}
    originals: dict[str, str] = {}  # audio hash -> utterance
    for recording, found in zip(recordings, _found(root, recordings), strict=True):
        utterance, path = recording.utterance, recording.path
        if isinstance(found, reading.InvalidAudio):
            tally.rejects.append(Reject(path, found.reason, found.remedy))
        elif utterance != taken["utterance"]:
            original = originals.setdefault(found["audio_hash"], utterance)
            taken = _row(recording) | found | {"duplicate_of": None if original == utterance else original}
            yield taken
        elif found["audio_hash"] == taken["audio_hash"]:
            tally.copies[str(PurePosixPath(path).parent)] += 1
        else:
            reason = f"the utterance {utterance} is {taken['path']} already, with other audio"
            tally.rejects.append(Reject(path, reason, "keep one of them"))


def _row(recording: Recording) -> dict[str, Any]:
    naming = recording.naming
    return {
        "utterance": recording.utterance,
        "corpus": recording.corpus,
        "path": recording.path,
        "speaker": naming.speaker and f"{recording.corpus}/{naming.speaker}",
        "sex": naming.sex,
        "language": naming.language,
        "emotion": recording.emotion,
        "corpus_label": naming.corpus_label,
        "intensity": naming.intensity,
        "statement": naming.statement,
        "repetition": naming.repetition,
        "vocal_channel": naming.vocal_channel,
    }


def _found(root: Path, recordings: Sequence[Recording]) -> Iterator[dict[str, Any] | reading.InvalidAudio]:
    """What decoding says of each recording, or said before of the same bytes."""
    root = root.resolve()  # a worker may be in another folder
    code = code_digest.digest((decoding.__name__,))
    return computed(
        partial(decoding.facts, root=root, code=code),
        [recording.path for recording in recordings],
        keys=partial(_keys, root=root, code=code),
        encoded=lambda found: None if isinstance(found, reading.InvalidAudio) else json.dumps(found).encode(),
        decoded=json.loads,
        description="ingest",
        threads=True,
    )


def _keys(paths: Sequence[str], *, root: Path, code: str) -> list[str]:
    """Names of what decoding says in the cache: by the bytes of each file; of one that cannot be read, a new one."""
    chunks = [paths[k : k + CHUNK] for k in range(0, len(paths), CHUNK)]
    digests = dict(spread.unordered_map(partial(decoding.digests, root=root), chunks, threads=True))
    return [cache.key("facts", code, digest or uuid4().hex) for k in range(len(chunks)) for digest in digests[k]]


def _folders_not_read(root: Path, chosen: list[str]) -> list[str]:
    """Names of the folders in `root` that are not among the chosen corpora."""
    return sorted(
        path.name
        for path in root.iterdir()
        if path.is_dir() and path.name not in chosen and not path.name.startswith(".")
    )
