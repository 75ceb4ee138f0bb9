"""Bars of the importance of descriptors."""

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from ser.figures.style import DARK, INK, MIDDLE, PRINT, titled


def importance_bars(falls: pd.DataFrame) -> Figure:
    """Mean fall of the UAR for each descriptor; whiskers reach from the smallest to the largest fall of the repeats.

    Parameters
    ----------
    falls
        Table of `ser.evaluation.importance.importances`.

    Examples
    --------
    >>> falls = pd.DataFrame({"descriptor": ["MFCC", "RMS"], "drop": [0.2, 0.1], "least": 0.1, "most": [0.3, 0.2]})
    >>> [round(float(bar.get_width()), 1) for bar in importance_bars(falls).axes[0].patches]  # percentage points
    [20.0, 10.0]
    """
    with mpl.rc_context(PRINT):
        figure = titled(7.5, 0.8 + 0.3 * len(falls), "")
        axes = figure.subplots()
        fall = 100 * falls[["drop", "least", "most"]]
        spread = [fall["drop"] - fall["least"], fall["most"] - fall["drop"]]
        axes.barh(falls["descriptor"], fall["drop"], 0.65, color=MIDDLE, edgecolor=DARK, linewidth=0.8)
        axes.errorbar(fall["drop"], falls["descriptor"], xerr=spread, fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.invert_yaxis()
        axes.set_xlabel("fall of the dev UAR, percentage points")
        return figure
