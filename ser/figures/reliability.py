"""Reliability diagrams of probabilities."""

from collections.abc import Mapping

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ser.figures.style import DARK, INK, LIGHT, MIDDLE, PRINT, titled


def reliability_diagram(bins: Mapping[str, pd.DataFrame], *, n_bins: int) -> Figure:
    """Accuracy in each bin of confidence, with a panel for each name; below it, the number of utterances.

    Parameters
    ----------
    bins
        Name -> table of `ser.evaluation.reliability.bins`.

    Examples
    --------
    >>> table = pd.DataFrame({"low": [0.5], "high": [1.0], "confidence": [0.9], "accuracy": [0.5], "n_utterances": [2]})
    >>> [axes.get_ylabel() for axes in reliability_diagram({"dev": table}, n_bins=2).axes]
    ['share that is correct', 'utterances']
    """
    with mpl.rc_context(PRINT):
        figure = titled(0.6 + 2.9 * len(bins), 3.9, "")
        panels = figure.subplots(2, len(bins), sharex=True, squeeze=False, height_ratios=(3, 1))
        most = max(int(table["n_utterances"].max()) for table in bins.values())
        for k, (name, table) in enumerate(bins.items()):
            upper, lower = panels[0, k], panels[1, k]
            middle, width = (table["low"] + table["high"]) / 2, 0.92 / n_bins
            upper.bar(middle, table["accuracy"], width, color=MIDDLE, edgecolor=DARK, linewidth=0.8)
            upper.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=1)
            upper.plot(table["confidence"], table["accuracy"], "o", color=DARK, markersize=3.5, clip_on=False)
            upper.set(title=name, xlim=(0, 1), ylim=(0, 1))
            lower.bar(middle, table["n_utterances"], width, color=LIGHT, edgecolor=MIDDLE, linewidth=0.8)
            lower.set(xlabel="confidence", ylim=(0, 1.08 * most))
            lower.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        panels[0, 0].set_ylabel("share that is correct")
        panels[1, 0].set_ylabel("utterances")
        return figure
