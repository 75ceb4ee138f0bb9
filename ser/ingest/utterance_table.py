"""Folder of recordings -> table of utterances, a chunk of rows at a time."""

import json
import re
from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

import pandas as pd

from ser.audio import reading
from ser.compute import cache, code_digest, spread
from ser.compute.cached_map import CHUNK, computed
from ser.core.emotions import EMOTIONS, MAX_EMOTIONS, in_order
from ser.core.tables import TEXT, UTTERANCES
from ser.core.wording import counted
from ser.corpora import labels
from ser.corpora.naming import Kind
from ser.ingest import decoding
from ser.ingest.counts import Tally
from ser.ingest.equal_audio import EqualAudio
from ser.ingest.recordings import CorpusSettings, Recording, of_corpora, of_corpus
from ser.ingest.survey import Reject

MAX_LISTED = 50
MAX_OF_A_KIND = 5  # files of one folder and reason that are listed before files of other kinds
ON_INVALID = ("error", "exclude")
ROWS = 1024  # rows of a chunk
TEXT_COLUMNS = [column for column in UTTERANCES.columns if column in TEXT]  # also where all values are missing

Facts = dict[str, Any] | reading.InvalidAudio
"""Result of `decoding.facts` for one recording."""


class InvalidCorpus(ValueError):
    """Some files of a corpus are not utterances.

    Examples
    --------
    >>> reject = Reject("DC/a01.wav", "0 bytes", "record it again")
    >>> raise InvalidCorpus(Path("data/raw/savee"), [reject])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.ingest.utterance_table.InvalidCorpus: 1 invalid file in data/raw/savee; mend it, or ...
    """

    def __init__(self, root: Path, rejects: list[Reject]) -> None:
        rejected = _by_folder(rejects)
        # The first files of each folder and reason come first, so that many files of one kind hide no other kind.
        kinds: Counter[tuple[str, str]] = Counter()
        ranked = []
        for reject in rejected:
            kind = str(PurePosixPath(reject.path).parent), reject.reason
            ranked.append((kinds[kind] >= MAX_OF_A_KIND, reject.path, reject))
            kinds[kind] += 1
        shown = sorted(reject for *_, reject in sorted(ranked, key=lambda entry: entry[:2])[:MAX_LISTED])
        shown.sort(key=lambda reject: _natural(reject.where))
        lines = [f"  {_place(reject)}: {reject.reason}; {reject.remedy}" for reject in shown]
        if len(rejected) > MAX_LISTED:
            lines.append(f"  and {len(rejected) - MAX_LISTED} more")
        lists = sorted({reject.where.partition(", row")[0] for reject in rejects})
        noun, place = ("file", root) if "" in lists else ("row", " and ".join(lists))
        found, them = counted(len(rejects), f"invalid {noun}"), "it" if len(rejects) == 1 else "them"
        head = f"{found} in {place}; mend {them}, or set corpus.on_invalid=exclude to go on without"
        super().__init__("\n".join([head, *lines]))
        self.rejects = rejects


def _place(reject: Reject) -> str:
    """List and row of a reject, if it has them, and its path."""
    return " ".join(part for part in (f"{reject.where}:" * bool(reject.where), reject.path) if part).rstrip(":")


def _natural(text: str) -> list[str | int]:
    """Parts of a text by which row 2 comes before row 10."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", text)]


def _by_folder(rejects: Sequence[Reject]) -> list[Reject]:
    """Rejects, with one for all files of a folder that have the same unknown emotion."""
    alike: dict[Reject, list[Reject]] = {}
    for reject in rejects:
        is_kind = reject.kind is Kind.UNKNOWN_EMOTION and not reject.where
        folder = f"{PurePosixPath(reject.path).parent}/" if is_kind else reject.path
        alike.setdefault(replace(reject, path=folder), []).append(reject)
    return [
        replace(one, path=f"{one.path} ({len(found)} files)") if len(found) > 1 else found[0]
        for one, found in alike.items()
    ]


def utterances(
    root: str, *, name: str, on_invalid: str, scheme: labels.Scheme, tally: Tally, **settings: Any
) -> Iterator[pd.DataFrame]:
    """Rows of the table of utterances, `ROWS` at a time, in the order of utterances.

    Every recording is parsed, decoded and checked. Results of decoding are cached by the bytes of the file.

    Parameters
    ----------
    root
        Folder of the corpus `name`, or the folder that contains several corpora.
    on_invalid
        `error` raises after the last file if any file is invalid; `exclude` leaves the invalid files out.
    scheme
        Emotion -> its label, or None where it is dropped; it also has the known words.
    tally
        Counts the rows and the files that are in no row; it is complete after the last rows.
    settings
        Of one corpus: the other fields of `CorpusSettings`; of several: `members` and `corpora` of `of_corpora`.

    Raises
    ------
    ValueError
        If a folder is missing or has no recordings, an option is unknown, or no utterance is left.
    InvalidCorpus
        If files are invalid, or contradict each other, and `on_invalid` is `error`; it lists all of them.

    Examples
    --------
    >>> import soundfile
    >>> from tempfile import TemporaryDirectory
    >>> from unittest.mock import patch
    >>> options = {"reader": "savee", "label_map": {"a": "angry"}, "scheme": labels.Scheme({"angry": "angry"})}
    >>> with TemporaryDirectory() as folder, patch.dict("os.environ", SER_CACHE_GB="0"):  # no cache
    ...     Path(folder, "DC").mkdir()
    ...     soundfile.write(Path(folder, "DC", "a01.wav"), [0.0, 0.5] * 4000, 16_000)
    ...     (rows,) = utterances(folder, name="savee", on_invalid="error", tally=Tally(), **options)
    >>> rows[["utterance", "speaker", "emotion", "duration"]].to_numpy().tolist()
    [['savee/DC/a01', 'savee/DC', 'angry', 0.5]]
    """
    if on_invalid not in ON_INVALID:
        raise ValueError(f"corpus.on_invalid is {on_invalid!r}; it is error or exclude")
    top = Path(root)
    if "members" in settings:
        recordings = of_corpora(top, **settings, scheme=scheme, tally=tally)
    else:
        recordings = of_corpus(top, CorpusSettings(name, "", **settings), scheme=scheme, tally=tally)
    _check_emotions(top, scheme, tally, {recording.emotion for recording in recordings if not recording.is_dropped})
    recordings.sort(key=attrgetter("utterance"))  # stable: the likeliest file of an utterance stays before its copies
    return _tables(top, recordings, tally, on_invalid)


def _check_emotions(root: Path, scheme: labels.Scheme, tally: Tally, found: Collection[str]) -> None:
    """Check the number of emotions, and note those of the scheme that no recording has."""
    if len(found) > MAX_EMOTIONS:
        some = ", ".join(in_order(found)[-MAX_OF_A_KIND:])
        raise ValueError(
            f"{root} has {len(found)} emotions, such as {some}; wanted at most {MAX_EMOTIONS}. Are the labels emotions?"
            " A corpus in emotion folders has its files in <root>/<Emotion>/"
        )
    known = {*EMOTIONS, *scheme.words.emotions.values(), *tally.emotions}
    tally.idle_actions = in_order(set(scheme.named) - known)


def _tables(root: Path, recordings: Sequence[Recording], tally: Tally, on_invalid: str) -> Iterator[pd.DataFrame]:
    decoded: Iterable[Facts] = _decoded(root, recordings)
    excluded: set[str] = set()
    if on_invalid == "exclude":  # which ones contradict each other must be known before the first row is written
        decoded = list(decoded)
        excluded = _equal(recordings, decoded).contradictory()
    equal = EqualAudio()
    left_out = _without_value(recordings)
    rows = _rows(recordings, decoded, tally, equal=equal, excluded=excluded)
    while some := list(islice(rows, ROWS)):
        table = pd.DataFrame(some).drop(columns=left_out)
        table = table.astype({column: "str" for column in TEXT_COLUMNS if column in table})
        tally.add(table)
        yield table
    tally.rejects += equal.rejects()
    if tally.rejects and on_invalid == "error":
        raise InvalidCorpus(root, sorted(tally.rejects))
    if not tally.n_utterances:
        n_dropped = sum(sum(counts.values()) for counts in tally.dropped.values())
        raise ValueError(
            f"no utterance of {root} is left: {len(tally.rejects)} invalid (corpus.on_invalid=error lists"
            f" them), {n_dropped} dropped by labels, {tally.not_selected.total()} not selected by corpus.vocal_channels"
        )


def _without_value(recordings: Sequence[Recording]) -> list[str]:
    """Optional columns in which no recording has a value; tables of corpora without them stay as they are."""
    kept = [recording for recording in recordings if not recording.is_dropped]
    left_out = [] if any(recording.segment for recording in kept) else ["start", "end"]
    has_partition = any(recording.naming.partition for recording in kept)
    return left_out if has_partition else [*left_out, "given_partition"]


def _equal(recordings: Sequence[Recording], decoded: Sequence[Facts]) -> EqualAudio:
    equal = EqualAudio()
    for recording, found in zip(recordings, decoded, strict=True):
        if not isinstance(found, reading.InvalidAudio):
            add = equal.add_dropped if recording.is_dropped else equal.add
            add(recording, found["audio_hash"])
    return equal


def _rows(
    recordings: Sequence[Recording],
    decoded: Iterable[Facts],
    tally: Tally,
    *,
    equal: EqualAudio,
    excluded: Container[str],
) -> Iterator[dict[str, Any]]:
    """Rows of the valid recordings but those with the audio hashes `excluded`; `tally` counts rejects and copies.

    `duplicate_of` is the first utterance with the same samples; `equal` gets the recordings of all rows and of those
    that are excluded.
    """
    last: Mapping[str, Any] = {"utterance": None}
    for recording, found in zip(recordings, decoded, strict=True):
        utterance, path = recording.utterance, recording.path
        if recording.is_dropped:
            if not isinstance(found, reading.InvalidAudio):
                equal.add_dropped(recording, found["audio_hash"])
        elif isinstance(found, reading.InvalidAudio):
            tally.rejects.append(Reject(path, found.reason, found.remedy, recording.where))
        elif utterance != last["utterance"]:
            first = equal.add(recording, found["audio_hash"])
            if notes := found.pop("notes", None):
                tally.adjusted[path] = "; ".join(notes)
            last = _row(recording) | found | {"duplicate_of": None if first is recording else first.utterance}
            if found["audio_hash"] not in excluded:
                yield last
        elif found["audio_hash"] == last["audio_hash"]:
            tally.copies[str(PurePosixPath(path).parent)] += 1
        else:
            reason = f"the utterance {utterance} is {last['path']} already, with other audio"
            tally.rejects.append(Reject(path, reason, "keep one of them", recording.where))


def _row(recording: Recording) -> dict[str, Any]:
    naming, segment = recording.naming, recording.segment
    return {
        "utterance": recording.utterance,
        "corpus": recording.corpus,
        "path": recording.path,
        "start": None if segment is None else segment.start,
        "end": None if segment is None else segment.end,
        "speaker": f"{recording.corpus}/{naming.speaker}" if naming.speaker else None,
        "sex": naming.sex,
        "language": naming.language,
        "emotion": recording.emotion,
        "corpus_label": naming.corpus_label,
        "intensity": naming.intensity,
        "statement": naming.statement,
        "repetition": naming.repetition,
        "vocal_channel": naming.vocal_channel,
        "given_partition": naming.partition,
    }


def _decoded(root: Path, recordings: Sequence[Recording]) -> Iterator[Facts]:
    """Results of `decoding.facts` in the order of `recordings`, from the cache where it has them."""
    root = root.resolve()  # a worker may run in another folder
    code = code_digest.digest((decoding.__name__,))
    return computed(
        partial(decoding.facts, root=root, code=code),
        [decoding.Piece(recording.path, recording.segment) for recording in recordings],
        keys=partial(_keys, root=root, code=code),
        encoded=lambda found: None if isinstance(found, reading.InvalidAudio) else json.dumps(found).encode(),
        decoded=json.loads,
        description="ingest",
        threads=True,
    )


def _keys(pieces: Sequence[decoding.Piece], *, root: Path, code: str) -> list[str]:
    """Keys of the cache, made from the bytes of each file; a file that cannot be read gets a new key each time."""
    paths = list(dict.fromkeys(piece.path for piece in pieces))
    chunks = [paths[k : k + CHUNK] for k in range(0, len(paths), CHUNK)]
    digests = dict(spread.unordered_map(partial(decoding.digests, root=root), chunks, threads=True))
    found = dict(zip(paths, (digest for k in range(len(chunks)) for digest in digests[k]), strict=True))
    return [cache.key("facts", code, found[piece.path] or uuid4().hex, *_part(piece)) for piece in pieces]


def _part(piece: decoding.Piece) -> list[decoding.Segment]:
    return [] if piece.segment is None else [piece.segment]
