"""Rows of a list -> utterances, each once; votes of several annotators become the majority."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from ser.audio.segments import Segment
from ser.corpora.naming import InvalidName
from ser.ingest.lists.entries import Entry
from ser.ingest.lists.listing import Row

FACTS = ("speaker", "sex", "language", "intensity", "partition")  # in which the rows of an utterance must agree

Part = tuple[str, Segment | None]
Fault = tuple[tuple[Row, ...], str, InvalidName]
"""Rows, path as the list has it, and what is wrong."""


@dataclass
class Votes:
    """Result of the votes of several annotators.

    Examples
    --------
    >>> Votes(n_rows=5, n_utterances=2).report()
    {'rows': 5, 'utterances': 2, 'ties': []}
    """

    n_rows: int = 0
    n_utterances: int = 0
    """Ties included."""
    ties: list[str] = field(default_factory=list)
    """Path, and the emotions with the most votes."""

    def report(self) -> dict[str, object]:
        """Counts for `reports/ingest.json`."""
        return {"rows": self.n_rows, "utterances": self.n_utterances, "ties": sorted(self.ties)}


def of_entries(
    entries: Sequence[Entry], chosen: bool | None, emotion: Callable[[str], str]
) -> tuple[list[Entry], list[Fault], Votes | None]:
    """One entry for each utterance, the faults of rows, and the counts of votes if the rows are votes.

    Parameters
    ----------
    chosen
        The setting `votes`, as in `are_votes`.
    emotion
        Label -> canonical emotion, or an `InvalidName`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from ser.corpora.naming import Naming
    >>> kept, faults, votes = of_entries([Entry(2, "a.wav", Path("a.wav"), Naming("sad"))], None, str)
    >>> len(kept), faults, votes
    (1, [], None)
    """
    return majority(entries, emotion) if are_votes(entries, chosen) else (*once(entries), None)


def are_votes(entries: Sequence[Entry], chosen: bool | None) -> bool:
    """True if the rows of one utterance are the votes of annotators.

    Parameters
    ----------
    chosen
        The setting; with None, rows are votes if they name annotators, or if most utterances have several rows which
        differ somewhere.

    Examples
    --------
    >>> from pathlib import Path
    >>> from ser.corpora.naming import Naming
    >>> rows = [Entry(row, "a.wav", Path("a.wav"), Naming(label)) for row, label in ((2, "sad"), (3, "calm"))]
    >>> are_votes(rows, None), are_votes(rows[:1], None)
    (True, False)
    """
    if chosen is not None:
        return chosen
    if any(entry.annotator for entry in entries):
        return True
    alike = _by_part(entries).values()
    several = [same for same in alike if len(same) > 1]
    differ = any(len({entry.naming.corpus_label for entry in same}) > 1 for same in several)
    return differ and 2 * len(several) > len(alike)


def once(entries: Sequence[Entry]) -> tuple[list[Entry], list[Fault]]:
    """Entries of the utterances with one row, and the faults of those with several.

    Examples
    --------
    >>> from pathlib import Path
    >>> from ser.corpora.naming import Naming
    >>> rows = [Entry(row, "a.wav", Path("a.wav"), Naming("sad")) for row in (2, 3)]
    >>> once(rows)[1][0][2].reason
    'the same utterance as row 2'
    """
    faults: list[Fault] = []
    kept = []
    for same in _by_part(entries).values():
        first, *others = same
        for other in others:
            emotions = first.naming.corpus_label, other.naming.corpus_label
            more = "" if emotions[0] == emotions[1] else f", which is {emotions[0]}, and {emotions[1]} here"
            remedy = "keep one of them; or, if the rows are votes of annotators: -S corpus.votes=true"
            faults.append(
                ((other.row,), other.given, InvalidName(f"the same utterance as row {first.row}{more}", remedy))
            )
        if not any(other.naming.corpus_label != first.naming.corpus_label for other in others):
            kept.append(first)
    return kept, faults


def majority(entries: Sequence[Entry], emotion: Callable[[str], str]) -> tuple[list[Entry], list[Fault], Votes]:
    """One entry for each utterance with the emotion of most of its rows, the faults of rows, and the counts.

    Parameters
    ----------
    emotion
        Label -> canonical emotion, or an `InvalidName`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from ser.corpora.naming import Naming
    >>> rows = [Entry(k, "a.wav", Path("a.wav"), Naming(label)) for k, label in enumerate(("sad", "sad", "calm"))]
    >>> kept, _, votes = majority(rows, str)
    >>> kept[0].naming.corpus_label, votes.n_rows
    ('sad', 3)
    """
    kept: list[Entry] = []
    faults: list[Fault] = []
    votes = Votes()
    for same in _by_part(entries).values():
        valid = list(_votes_of(same, emotion, faults))
        faults += _contradictions(same)
        if not valid:
            continue
        votes.n_rows += len(valid)
        votes.n_utterances += 1
        counts = Counter(label for _, label in valid)
        (most, n_most), *others = counts.most_common()
        if others and others[0][1] == n_most:
            tied = sorted(label for label, count in counts.items() if count == n_most)
            votes.ties.append(f"{same[0].given}: {' and '.join(tied)}")
            continue
        kept.append(_with_facts(next(entry for entry, label in valid if label == most), same))
    return kept, faults, votes


def _votes_of(same: Sequence[Entry], emotion: Callable[[str], str], faults: list[Fault]) -> Iterator[tuple[Entry, str]]:
    """Rows of an utterance with their emotions; `faults` gets the others."""
    voted: dict[str, Row] = {}
    for entry in same:
        try:
            label = emotion(entry.naming.corpus_label)
        except InvalidName as error:
            faults.append(((entry.row,), entry.given, error))
            continue
        if entry.annotator and entry.annotator in voted:
            reason = f"a second vote of {entry.annotator}, after row {voted[entry.annotator]}"
            faults.append(((entry.row,), entry.given, InvalidName(reason, "keep one of them")))
            continue
        voted[entry.annotator] = entry.row
        yield entry, label


def _contradictions(same: Sequence[Entry]) -> Iterator[Fault]:
    """Facts of an utterance that differ between its rows."""
    for name in FACTS:
        rows: dict[str, Entry] = {}
        for entry in same:
            if value := getattr(entry.naming, name):
                rows.setdefault(value, entry)
        for (one, first), (other, second) in list(combinations(rows.items(), 2))[:1]:
            reason = f"the {name} is {one} and {other}"
            yield (first.row, second.row), first.given, InvalidName(reason, "write one of them")


def _with_facts(chosen: Entry, same: Sequence[Entry]) -> Entry:
    facts: Any = {name: next((v for one in same if (v := getattr(one.naming, name))), None) for name in FACTS}
    return chosen._replace(naming=replace(chosen.naming, **facts))


def _by_part(entries: Iterable[Entry]) -> Mapping[Part, list[Entry]]:
    parts: dict[Part, list[Entry]] = {}
    for entry in entries:
        parts.setdefault(entry.part, []).append(entry)
    return parts


def names(entries: Sequence[Entry], bases: Sequence[str]) -> list[str]:
    """Name of each utterance: that of its recording, and the seconds of its segment.

    Recordings of one name in files of several formats keep their suffixes.

    Parameters
    ----------
    bases
        Names of the recordings without suffixes, one for each entry.

    Examples
    --------
    >>> from pathlib import Path
    >>> from ser.corpora.naming import Naming
    >>> rows = [Entry(2, "a.wav", Path("a.wav"), Naming("sad"), Segment(0.5, end)) for end in (2, None)]
    >>> names(rows, ["a", "a"])
    ['a_0.5-2', 'a_0.5-end']
    """
    suffixes: dict[str, set[str]] = {}
    for base, entry in zip(bases, entries, strict=True):
        suffixes.setdefault(base, set()).add(entry.path.suffix)
    whole = [
        base + (entry.path.suffix if len(suffixes[base]) > 1 else "")
        for base, entry in zip(bases, entries, strict=True)
    ]
    return [base + _span(entry.segment) for base, entry in zip(whole, entries, strict=True)]


def _span(segment: Segment | None) -> str:
    if segment is None:
        return ""
    start, end = ("end" if one is None else f"{one:.6f}".rstrip("0").rstrip(".") for one in segment)
    return f"_{start}-{end}"
