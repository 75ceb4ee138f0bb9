"""Numbers as text, in the same form in every report, page and command."""

import math
from collections.abc import Sequence


def percent(share: float) -> str:
    """Share as a percentage, without the sign for per cent.

    Examples
    --------
    >>> percent(0.4567)
    '45.7'
    """
    return f"{100 * share:.1f}"


def signed(share: float) -> str:
    """Difference of two shares in percentage points, with a plus or minus unless it rounds to zero.

    Examples
    --------
    >>> signed(0.021), signed(-0.3), signed(-0.0001)
    ('+2.1', '-30.0', '0.0')
    """
    text = f"{100 * share:+.1f}"
    return "0.0" if float(text) == 0 else text


def interval(low: float, high: float) -> str:
    """Interval of a difference in percentage points; empty if `low` is NaN.

    Examples
    --------
    >>> interval(-0.01, 0.025)
    '-1.0 to +2.5'
    """
    return "" if math.isnan(low) else f"{signed(low)} to {signed(high)}"


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
