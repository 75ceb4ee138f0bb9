"""Figures as text, the same wherever people read them."""

import math


def percent(share: float) -> str:
    """Per cent, without the sign."""
    return f"{100 * share:.1f}"


def signed(share: float) -> str:
    """A difference in points of per cent; none has no sign."""
    text = f"{100 * share:+.1f}"
    return "0.0" if float(text) == 0 else text


def interval(low: float, high: float) -> str:
    """An interval of a difference; nothing where there is none."""
    return "" if math.isnan(low) else f"{signed(low)} to {signed(high)}"


def chance(p: float) -> str:
    """A p value with the digits that count; nothing where there is none."""
    return "" if math.isnan(p) else f"{p:.4f}" if p < 0.0995 else f"{p:.2f}"
