"""What a report is made of: sections of text, tables, pictures and recordings, alike as HTML and as Markdown."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pandas as pd

Kind = Literal["text", "count", "share", "decimal"]
Cell: TypeAlias = str | float | int | None

NONE = "-"
SPECIAL = re.compile(r"[\\`*\[\]<>|&]|(?<![^\W_])_|_(?![^\W_])")  # in Markdown; underscores within words are not


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    head: str
    kind: Kind = "text"
    """A share, between 0 and 1, is shown in per cent."""
    bar: bool = False
    """Whether a bar in the cell shows the share, too."""


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    folded: bool = False
    """Whether it is shown on demand: it is long."""
    kind: Literal["table"] = "table"

    def text(self, row: Sequence[Cell], k: int) -> str:
        """Cell `k` of `row` as people read it."""
        return shown(row[k], self.columns[k].kind)


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix of counts; its rows are annotated, its columns predicted."""

    caption: str
    labels: Sequence[str]
    counts: Sequence[Sequence[int]]
    kind: Literal["matrix"] = "matrix"

    def share(self, row: int, column: int) -> float:
        """Of the utterances of `row`, those predicted as `column`; 0 where there are none."""
        return self.counts[row][column] / max(1, sum(self.counts[row]))


@dataclass(frozen=True)
class Picture:
    """A picture, whose content is also said in words."""

    caption: str
    alt: str
    uri: str
    kind: Literal["picture"] = "picture"


@dataclass(frozen=True)
class Clip:
    """A wrongly predicted recording to hear and to see."""

    utterance: str
    truth: str
    prediction: str
    confidence: float
    of_truth: float
    """Probability of what is annotated."""
    facts: str
    picture: Picture
    audio_uri: str


@dataclass(frozen=True)
class Clips:
    """Wrongly predicted recordings."""

    clips: Sequence[Clip]
    kind: Literal["clips"] = "clips"


@dataclass(frozen=True)
class Findings:
    """What the audit found, errors before notes."""

    findings: Sequence[dict[str, Any]]
    kind: Literal["findings"] = "findings"


Block: TypeAlias = Table | Matrix | Picture | Clips | Findings


@dataclass(frozen=True)
class Section:
    """A part of the report."""

    anchor: str
    title: str
    text: Sequence[str] = ()
    """Paragraphs, in Markdown."""
    blocks: Sequence[Block] = ()


@dataclass(frozen=True)
class Headline:
    """The one number, how sure it is, and what chance would give."""

    name: str
    uar: float
    low: float | None
    high: float | None
    chance: float
    explanation: str
    facts: Sequence[tuple[str, str]]
    """Name and value of other figures."""


@dataclass(frozen=True)
class Caveat:
    """What must be said beside every number."""

    title: str
    meaning: str
    grave: bool = True
    """Whether the numbers promise too much."""


@dataclass(frozen=True)
class Report:
    """All of it."""

    title: str
    subtitle: str
    headline: Headline
    caveats: Sequence[Caveat] = ()
    sections: Sequence[Section] = ()
    versions: Sequence[tuple[str, str]] = ()


def shown(value: Cell, kind: Kind) -> str:
    """A value as people read it."""
    if value is None or pd.isna(value):
        return NONE
    if kind == "share":
        return percent(float(value))
    if kind == "decimal":
        return f"{float(value):.3f}"
    return str(value)


def percent(share: float) -> str:
    """A share in per cent, without the sign."""
    return f"{100 * share:.1f}"


def counted(n: int, noun: str) -> str:
    """A number and what it counts."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def escaped(text: object) -> str:
    """A text from elsewhere in which Markdown finds nothing to do."""
    return SPECIAL.sub(r"\\\g<0>", str(text).replace("\n", " "))


def data_uri(content: bytes, kind: str) -> str:
    """A file of MIME type `kind` that lies in the page itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
