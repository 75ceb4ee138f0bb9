"""Parts of a report: sections of text, tables, pictures and recordings, for HTML and Markdown alike."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pandas as pd
from matplotlib.figure import Figure

from ser.core.wording import NO_VALUE, percent
from ser.figures import style

Kind = Literal["text", "count", "share", "decimal"]
Cell: TypeAlias = str | float | int | None

SPECIAL = re.compile(r"[\\`*\[\]<>|&]|(?<![^\W_])_|_(?![^\W_])")  # in Markdown; underscores within words are not
PIXELS_PER_INCH = 110  # resolution of PNG pictures


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Examples
    --------
    >>> Column("recall, %", "share", bar=True).kind
    'share'
    """

    head: str
    kind: Kind = "text"
    """`share` is a number between 0 and 1; it is shown in per cent."""
    bar: bool = False
    """True if the cell also shows the share as a bar."""


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Examples
    --------
    >>> Table("Scores", [Column("emotion"), Column("recall, %", "share")], [["sad", 0.456]]).folded
    False
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    folded: bool = False
    """True if the page shows the table on demand only, because it is long."""
    kind: Literal["table"] = "table"

    def text(self, row: Sequence[Cell], k: int) -> str:
        """Cell `k` of `row` as text.

        Examples
        --------
        >>> table = Table("Scores", [Column("emotion"), Column("recall, %", "share")], [["sad", 0.456]])
        >>> table.text(table.rows[0], 1)
        '45.6'
        """
        return shown(row[k], self.columns[k].kind)


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix of counts; its rows are annotated, its columns predicted.

    Examples
    --------
    >>> Matrix("Confusion", ["calm", "sad"], [[3, 1], [0, 2]]).kind
    'matrix'
    """

    caption: str
    labels: Sequence[str]
    counts: Sequence[Sequence[int]]
    kind: Literal["matrix"] = "matrix"

    def share(self, row: int, column: int) -> float:
        """Share of the utterances of `row` that are predicted as `column`; 0 if the row has no utterances.

        Examples
        --------
        >>> Matrix("Confusion", ["calm", "sad"], [[3, 1], [0, 2]]).share(0, 1)
        0.25
        """
        return self.counts[row][column] / max(1, sum(self.counts[row]))


@dataclass(frozen=True)
class Picture:
    """A picture, with its content in words for readers who cannot see it.

    Examples
    --------
    >>> Picture("Learning curves", alt="two falling lines", uri="data:image/png;base64,").alt
    'two falling lines'
    """

    caption: str
    alt: str
    uri: str
    kind: Literal["picture"] = "picture"


@dataclass(frozen=True)
class Mistake:
    """A wrongly predicted recording, with its sound and its spectrogram.

    Examples
    --------
    >>> picture = Picture("", alt="Spectrogram of emodb/a01", uri="data:image/png;base64,")
    >>> sound = {"audio_uri": "data:audio/mpeg;base64,"}
    >>> Mistake("emodb/a01", "sad", "calm", 0.75, of_truth=0.25, facts="male", picture=picture, **sound).truth
    'sad'
    """

    utterance: str
    truth: str
    prediction: str
    confidence: float
    of_truth: float
    """Probability of the annotated emotion."""
    facts: str
    picture: Picture
    audio_uri: str


@dataclass(frozen=True)
class Mistakes:
    """Wrongly predicted recordings.

    Examples
    --------
    >>> len(Mistakes([]).mistakes)
    0
    """

    mistakes: Sequence[Mistake]
    kind: Literal["mistakes"] = "mistakes"


@dataclass(frozen=True)
class Findings:
    """Findings of the audit, errors before notes.

    Examples
    --------
    >>> Findings([{"level": "note", "found": "sad has twice as many"}]).findings[0]["level"]
    'note'
    """

    findings: Sequence[dict[str, Any]]
    kind: Literal["findings"] = "findings"


Block: TypeAlias = Table | Matrix | Picture | Mistakes | Findings


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Examples
    --------
    >>> Section("audit", "Audit", ["No findings."]).blocks
    ()
    """

    anchor: str
    title: str
    text: Sequence[str] = ()
    """Paragraphs, in Markdown."""
    blocks: Sequence[Block] = ()


@dataclass(frozen=True)
class Headline:
    """The main score, its interval, and the score of chance.

    Examples
    --------
    >>> Headline("UAR", uar=0.5, low=0.4, high=0.6, chance=0.25, explanation="", facts=[("utterances", "40")]).low
    0.4
    """

    name: str
    uar: float
    low: float | None
    high: float | None
    chance: float
    explanation: str
    facts: Sequence[tuple[str, str]]
    """Names and values of other scores."""
    protocol: str = ""
    """Meaning of the protocol, in a sentence."""


@dataclass(frozen=True)
class Caveat:
    """A warning that applies to all scores.

    Examples
    --------
    >>> Caveat("Leaky protocol.", "The scores are too high.").grave
    True
    """

    title: str
    meaning: str
    grave: bool = True
    """True if the scores are too high."""
    section: str = ""
    """Anchor of the section that explains it, to which the page links."""


@dataclass(frozen=True)
class Report:
    """A whole report.

    Examples
    --------
    >>> headline = Headline("UAR", uar=0.5, low=None, high=None, chance=0.25, explanation="", facts=[])
    >>> Report("Study", "mlp on librosa", headline).sections
    ()
    """

    title: str
    subtitle: str
    headline: Headline
    code: str = ""
    """Commit of the code, with its date; empty if it is unknown."""
    caveats: Sequence[Caveat] = ()
    sections: Sequence[Section] = ()
    versions: Sequence[tuple[str, str]] = ()


def shown(value: Cell, kind: Kind) -> str:
    """Value of a cell as text.

    Examples
    --------
    >>> shown(0.4456, "share"), shown(1440, "count"), shown(None, "decimal")
    ('44.6', '1440', '-')
    """
    if value is None or pd.isna(value):
        return NO_VALUE
    if kind == "share":
        return percent(float(value))
    if kind == "decimal":
        return f"{float(value):.3f}"
    return str(value)


def escaped(text: object) -> str:
    """Text in which all special characters of Markdown are escaped.

    Examples
    --------
    >>> print(escaped("a|b <c> d_e"))
    a\\|b \\<c\\> d_e
    """
    return SPECIAL.sub(r"\\\g<0>", str(text).replace("\n", " "))


def data_uri(content: bytes, kind: str) -> str:
    """Data URI of a file of MIME type `kind`, so that the page contains the file.

    Examples
    --------
    >>> data_uri(b"<svg/>", "image/svg+xml")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def svg_uri(figure: Figure) -> str:
    """Data URI of a figure as SVG.

    Examples
    --------
    >>> svg_uri(style.titled(1, 1, ""))[:26]
    'data:image/svg+xml;base64,'
    """
    return data_uri(style.svg(figure), "image/svg+xml")


def png_uri(figure: Figure) -> str:
    """Data URI of a figure as PNG, which is smaller than SVG for figures with many dots.

    Examples
    --------
    >>> png_uri(style.titled(1, 1, ""))[:22]
    'data:image/png;base64,'
    """
    return data_uri(style.png(figure, dpi=PIXELS_PER_INCH, pil_kwargs={"optimize": True}), "image/png")
