"""What is in a table of utterances, and what is not: counted as its rows are made."""

from array import array
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from ser.ingest.survey import Reject

COUNTED = ("corpus", "emotion", "speaker", "sex", "sample_rate", "channels")


@dataclass
class Tally:
    """Counts of the rows that were added, and of the files that did not become rows."""

    rejects: list[Reject] = field(default_factory=list)
    known_defects: dict[str, str] = field(default_factory=dict)
    """Path -> what is wrong with it in every copy of the corpus."""
    dropped: dict[str, dict[str, int]] = field(default_factory=dict)
    """Corpus -> emotion that the labels drop -> recordings."""
    not_selected: Counter[str] = field(default_factory=Counter)
    copies: Counter[str] = field(default_factory=Counter)
    """Folder -> files in it that repeat recordings of other folders."""
    substitutes: Counter[str] = field(default_factory=Counter)
    not_audio: Counter[str] = field(default_factory=Counter)
    not_read: list[str] = field(default_factory=list)
    """Folders beside those of the chosen corpora."""

    _counts: dict[str, Counter[Any]] = field(default_factory=lambda: {column: Counter() for column in COUNTED})
    _labels: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _durations: "array[float]" = field(default_factory=lambda: array("d"))
    _duplicates: dict[str, str] = field(default_factory=dict)

    @property
    def n_utterances(self) -> int:
        """Rows that were added."""
        return len(self._durations)

    def add(self, utterances: pd.DataFrame) -> None:
        """Count some rows of the table, which come in the order of utterances."""
        for column, counts in self._counts.items():
            counts.update(utterances[column].dropna().tolist())
        self._labels.update(zip(*(utterances[key] for key in ("corpus", "emotion", "corpus_label")), strict=True))
        self._durations.extend(utterances["duration"].tolist())
        duplicates = utterances.dropna(subset=["duplicate_of"])
        self._duplicates.update(zip(duplicates["utterance"], duplicates["duplicate_of"], strict=True))

    def report(self) -> dict[str, Any]:
        """What the table has, per corpus, emotion, speaker and sex, with durations in seconds; and what it has not."""
        return {
            "n_utterances": self.n_utterances,
            "n_speakers": len(self._counts["speaker"]),
            **{f"per_{column}": _in_order(self._counts[column]) for column in ("corpus", "emotion", "speaker", "sex")},
            "per_corpus_label": self._per_corpus_label(),
            "duration": self._duration(),
            **{f"per_{column}": _in_order(self._counts[column]) for column in ("sample_rate", "channels")},
            "duplicates": self._duplicates,
            "dropped": self.dropped,
            "rejects": [asdict(reject) for reject in sorted(self.rejects)],
            "known_defects": self.known_defects,
            "not_selected": _in_order(self.not_selected),
            "copies": _in_order(self.copies),
            "substitutes": _in_order(self.substitutes),
            "not_audio": _in_order(self.not_audio),
            "not_read": self.not_read,
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
