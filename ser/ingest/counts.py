"""Counts of a table of utterances, and of the files that are not in it, added up while the rows are made."""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from ser.core.overrides import how_to_set
from ser.core.wording import counted
from ser.ingest.survey import Reject, Survey

MAX_NAMED = 3  # files that a line of the summary names
COUNTED = ("corpus", "emotion", "speaker", "sex", "sample_rate", "channels")


@dataclass
class Tally:
    """Counts of the rows that were added, and of the files that did not become rows.

    Examples
    --------
    >>> columns = {key: ["a"] for key in ("utterance", "corpus", "emotion", "corpus_label", "speaker", "sex")}
    >>> rows = pd.DataFrame({**columns, "sample_rate": 16_000, "channels": 1, "duration": 1.5, "duplicate_of": None})
    >>> tally = Tally()
    >>> tally.add(rows)
    >>> tally.n_utterances, tally.report()["duration"]["total"]
    (1, 1.5)
    """

    rejects: list[Reject] = field(default_factory=list)
    known_defects: dict[str, str] = field(default_factory=dict)
    """Path -> the defect that the recording has in every copy of the corpus."""
    dropped: dict[str, dict[str, int]] = field(default_factory=dict)
    """Corpus -> emotion that the labels drop -> number of recordings."""
    not_selected: Counter[str] = field(default_factory=Counter)
    """Corpus and vocal channel -> number of files."""
    no_emotion: Counter[str] = field(default_factory=Counter)
    """Corpus and its label, which the label map gives no emotion -> number of files."""
    copies: Counter[str] = field(default_factory=Counter)
    """Folder -> number of its files that repeat recordings of other folders."""
    secondary: Counter[str] = field(default_factory=Counter)
    """Folder -> number of its secondary forms of recordings whose primary form exists."""
    not_audio: Counter[str] = field(default_factory=Counter)
    """Suffix -> number of files."""
    not_read: list[str] = field(default_factory=list)
    """Folders of no chosen corpus."""
    adjusted: dict[str, str] = field(default_factory=dict)
    """Path -> how its waveform was changed."""
    emotions: set[str] = field(default_factory=set)
    """Emotions of the labels, before the scheme merges or drops them."""
    new_emotions: Counter[str] = field(default_factory=Counter)
    """Emotion that neither a list of words nor the scheme names -> number of files."""
    idle_actions: list[str] = field(default_factory=list)
    """Emotions that the scheme names, but that are words of no list, and that no file has."""

    lists: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Corpus -> its list: path, number of rows, columns, and the result of votes if it has any."""

    _counts: dict[str, Counter[Any]] = field(default_factory=lambda: {column: Counter() for column in COUNTED})
    _labels: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _durations: "array[float]" = field(default_factory=lambda: array("d"))
    _duplicates: dict[str, str] = field(default_factory=dict)

    @property
    def n_utterances(self) -> int:
        """Number of rows that were added."""
        return len(self._durations)

    def add(self, utterances: pd.DataFrame) -> None:
        """Count some rows of the table; rows must come in the order of utterances."""
        for column, counts in self._counts.items():
            counts.update(utterances[column].dropna().tolist())
        self._labels.update(zip(*(utterances[key] for key in ("corpus", "emotion", "corpus_label")), strict=True))
        self._durations.extend(utterances["duration"].tolist())
        duplicates = utterances.dropna(subset=["duplicate_of"])
        self._duplicates.update(zip(duplicates["utterance"], duplicates["duplicate_of"], strict=True))

    def add_survey(self, found: Survey, folder: PurePosixPath) -> None:
        """Count what a survey of `folder` found beside recordings; paths then begin with `folder`.

        Examples
        --------
        >>> tally = Tally()
        >>> tally.add_survey(Survey(rejects=[Reject("a01.wav", "0 bytes", "record it again")]), PurePosixPath("savee"))
        >>> [reject.path for reject in tally.rejects]
        ['savee/a01.wav']
        """
        inside = f"{folder}/" if folder.parts else ""
        self.rejects += [replace(reject, path=f"{inside}{reject.path}") for reject in found.rejects]
        self.known_defects |= {str(folder / path): defect for path, defect in found.known_defects.items()}
        self.secondary += Counter({str(folder / path): count for path, count in found.secondary.items()})
        self.not_audio += found.not_audio

    def report(self) -> dict[str, Any]:
        """Content of `reports/ingest.json`: counts per corpus, emotion, speaker and sex; durations are in seconds."""
        return {
            "n_utterances": self.n_utterances,
            "n_speakers": len(self._counts["speaker"]),
            **{f"per_{column}": _in_order(self._counts[column]) for column in ("corpus", "emotion", "speaker", "sex")},
            "per_corpus_label": self._per_corpus_label(),
            "duration": self._duration(),
            **{f"per_{column}": _in_order(self._counts[column]) for column in ("sample_rate", "channels")},
            "duplicates": self._duplicates,
            "dropped": self.dropped,
            "rejects": [reject.report() for reject in sorted(self.rejects)],
            "known_defects": self.known_defects,
            "not_selected": _in_order(self.not_selected),
            "copies": _in_order(self.copies),
            "substitutes": _in_order(self.secondary),
            "not_audio": _in_order(self.not_audio),
            "not_read": self.not_read,
            **({"no_emotion": _in_order(self.no_emotion)} if self.no_emotion else {}),
            **({"adjusted": self.adjusted} if self.adjusted else {}),
            **({"new_emotions": _in_order(self.new_emotions)} if self.new_emotions else {}),
            **({"idle_actions": self.idle_actions} if self.idle_actions else {}),
            **({"lists": self.lists} if self.lists else {}),
        }

    def _per_corpus_label(self) -> dict[str, dict[str, dict[str, int]]]:
        nested: dict[str, dict[str, dict[str, int]]] = {}
        for (corpus, emotion, label), count in sorted(self._labels.items()):
            nested.setdefault(corpus, {}).setdefault(emotion, {})[label] = count
        return nested

    def _duration(self) -> dict[str, float]:
        durations = pd.Series(self._durations, dtype="float64")
        keys = {"min": "min", "median": "median", "mean": "mean", "max": "max", "total": "sum"}
        return {key: round(float(getattr(durations, name)()), 3) for key, name in keys.items()}


def _in_order(counts: Counter[Any]) -> dict[str, int]:
    return {str(key): count for key, count in sorted(counts.items())}


def by_suffix(counts: Mapping[str, int]) -> str:
    """Number of files of each suffix, the most frequent first.

    Examples
    --------
    >>> by_suffix({".csv": 1, ".txt": 12, "no suffix": 1})
    '12 .txt, 1 .csv, 1 no suffix'
    """
    return ", ".join(f"{counts[suffix]} {suffix}" for suffix in sorted(counts, key=lambda one: (-counts[one], one)))


def summary(report: Mapping[str, Any], *, labels: str) -> list[str]:
    """Lines that state what `Tally.report` counted; `labels` is the name of the label scheme.

    Examples
    --------
    >>> tally = Tally(dropped={"savee": {"surprised": 3}}, not_audio=Counter({".txt": 2}))
    >>> tally.rejects.append(Reject("DC/a01.aac", "not readable as audio", "convert it"))
    >>> report = tally.report() | {"n_utterances": 4, "n_speakers": 2, "per_corpus": {"savee": 4}}
    >>> for line in summary(report, labels="common_four"):
    ...     print(line)
    savee: 4 utterances, 2 speakers, 1 file excluded (1 .aac)
    dropped by labels=common_four: 3 surprised of savee
    other files, not recordings: 2 .txt
    """
    lines = [f"{name}: {counted(count, 'utterance')}" for name, count in report["per_corpus"].items()]
    if len(lines) > 1:
        lines.append(f"together: {counted(report['n_utterances'], 'utterance')}")
    lines[-1] += f", {counted(report['n_speakers'], 'speaker')}, {counted(len(report['rejects']), 'file')} excluded"
    if report["rejects"]:
        excluded = Counter(PurePosixPath(reject["path"]).suffix.lower() or "no suffix" for reject in report["rejects"])
        lines[-1] += f" ({by_suffix(excluded)})"
    for corpus, counts in report["dropped"].items():
        dropped = ", ".join(f"{count} {emotion}" for emotion, count in counts.items())
        lines.append(f"dropped by labels={labels}: {dropped} of {corpus}")
    return lines + _of_emotions(report, labels) + _left_out(report)


def _of_emotions(report: Mapping[str, Any], scheme: str) -> list[str]:
    lines = []
    if new := report.get("new_emotions"):
        files = ", ".join(f"{emotion} ({counted(count, 'file')})" for emotion, count in new.items())
        remedy = how_to_set(
            next(iter(new)), value="EMOTION", setting="labels.actions", file=f"conf/labels/{scheme}.yaml"
        )
        lines.append(f"new emotions, which no list of words has: {files}; to merge one, {remedy}")
    if idle := report.get("idle_actions"):
        lines.append(f"warning: labels.actions names {', '.join(idle)}, and no recording has such an emotion")
    return lines


def _left_out(report: Mapping[str, Any]) -> list[str]:
    lines = [
        f"not selected by corpus.vocal_channels: {count} of {name}" for name, count in report["not_selected"].items()
    ]
    lines += [
        f"left out, no emotion by corpus.label_map: {n} of {name}" for name, n in report.get("no_emotion", {}).items()
    ]
    if n_copies := sum(report["copies"].values()):
        lines.append(f"counted once: {counted(n_copies, 'file')} with recordings of other folders")
    if n_forms := sum(report["substitutes"].values()):
        lines.append(f"left out: {n_forms} other forms (films, lossy copies) of recordings that are read")
    if defects := list(report["known_defects"].items()):
        more = f" and {len(defects) - MAX_NAMED} more" if len(defects) > MAX_NAMED else ""
        named = ", ".join(f"{path} ({defect})" for path, defect in defects[:MAX_NAMED])
        lines.append(f"left out, defective in every copy of the corpus: {named}{more}")
    if n_duplicates := len(report["duplicates"]):
        lines.append(f"duplicates: {counted(n_duplicates, 'utterance')} with the samples of another one")
    for note, count in sorted(Counter(report.get("adjusted", {}).values()).items()):
        lines.append(f"adjusted, {counted(count, 'recording')}: {note}")
    for facts in report.get("lists", {}).values():
        lines += _of_list(facts)
    if report["not_audio"]:
        lines.append(f"other files, not recordings: {by_suffix(report['not_audio'])}")
    if report["not_read"]:
        lines.append(f"warning: folders of no chosen corpus, not read: {', '.join(report['not_read'])}")
    return lines


def _of_list(facts: Mapping[str, Any]) -> list[str]:
    read = ", ".join(f"{column} ({role})" if column != role else column for role, column in facts["columns"].items())
    left = f"; not read: {', '.join(facts['not_read'])}" if facts["not_read"] else ""
    lines = [f"{facts['path']}: columns {read}{left}"]
    if votes := facts.get("votes"):
        ties = f", {len(votes['ties'])} left out without a majority" if votes["ties"] else ""
        lines.append(f"{facts['path']}: {votes['rows']} votes on {counted(votes['utterances'], 'utterance')}{ties}")
    return lines
