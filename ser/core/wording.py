"""Numbers as text, in the same form in every report, page and command."""

import difflib
import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any

NO_VALUE = "-"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # first signs by which spreadsheets tell a formula

TWO_LABELS = "the same recording has two labels"
"""Reason for which ingest rejects a recording, and which the report counts."""


def percent(share: float | None, *, digits: int = 1) -> str:
    """Share as a percentage, without the sign for per cent; a dash if it is None or NaN.

    Examples
    --------
    >>> percent(0.4567), percent(0.4567, digits=0), percent(None)
    ('45.7', '46', '-')
    """
    return NO_VALUE if share is None or math.isnan(share) else f"{100 * share:.{digits}f}"


def guess(name: str, known: Iterable[str]) -> str:
    """Question after a wrong name, with a space behind it; empty if no known name is near.

    Examples
    --------
    >>> guess("predcit", ["predict", "audit"]), guess("x", ["predict", "audit"])
    ('did you mean predict? ', '')
    """
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]}? " if near else ""


def signed(share: float) -> str:
    """Difference of two shares in percentage points, with a plus or minus unless it rounds to zero.

    Examples
    --------
    >>> signed(0.021), signed(-0.3), signed(-0.0001)
    ('+2.1', '-30.0', '0.0')
    """
    text = f"{100 * share:+.1f}"
    return "0.0" if float(text) == 0 else text


def score_interval(low: float | None, high: float | None) -> str:
    """Interval of a score in per cent; empty if there is none.

    Examples
    --------
    >>> score_interval(0.632, 0.746)
    '63.2 to 74.6'
    """
    return "" if low is None or high is None else f"{percent(low)} to {percent(high)}"


def difference_interval(low: float, high: float) -> str:
    """Interval of a difference in percentage points; empty if `low` is NaN.

    Examples
    --------
    >>> difference_interval(-0.01, 0.025)
    '-1.0 to +2.5'
    """
    return "" if math.isnan(low) else f"{signed(low)} to {signed(high)}"


def span(values: Collection[float], *, digits: int = 0) -> str:
    """Lowest and highest value, or one value if both have the same digits.

    Examples
    --------
    >>> span([3, 1, 2]), span([0.951, 0.954], digits=2)
    ('1 to 3', '0.95')
    """
    low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return low if low == high else f"{low} to {high}"


def counted(n: int, noun: str) -> str:
    """Number and noun, in the plural unless the number is 1.

    Examples
    --------
    >>> counted(1, "speaker"), counted(24, "speaker")
    ('1 speaker', '24 speakers')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def utterances_of(n_utterances: int, n_speakers: int) -> str:
    """Number of utterances and of their speakers; 0 if these are unknown.

    Examples
    --------
    >>> utterances_of(60, 1)
    '60 utterances of 1 speaker'
    >>> utterances_of(60, 0)
    '60 utterances of unknown speakers'
    """
    speakers = counted(n_speakers, "speaker") if n_speakers else "unknown speakers"
    return f"{counted(n_utterances, 'utterance')} of {speakers}"


def p_value(p: float) -> str:
    """P value with two decimals, or four below 0.1; empty if it is NaN.

    Examples
    --------
    >>> p_value(0.0312), p_value(0.25)
    ('0.0312', '0.25')
    """
    return "" if math.isnan(p) else f"{p:.4f}" if p < 0.0995 else f"{p:.2f}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines of text, each column as wide as its longest cell.

    Examples
    --------
    >>> aligned([("model", "UAR"), ("svm", "44.6")])
    ['model  UAR', 'svm    44.6']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def cell(value: Any) -> Any:
    """Value of a cell of csv: a text that a spreadsheet would take for a formula begins with an apostrophe.

    Numbers stay numbers. A text may come from a stranger: the name of a file, or a label of a model.

    References
    ----------
    .. [1] OWASP, CSV injection, https://owasp.org/www-community/attacks/CSV_Injection.

    Examples
    --------
    >>> cell("=1+1"), cell("-"), cell(-0.5), cell("-0.5")
    ("'=1+1", '-', -0.5, "'-0.5")
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) and value != NO_VALUE else value
