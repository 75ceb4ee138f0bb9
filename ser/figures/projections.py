"""Maps of feature rows in two dimensions."""

from itertools import zip_longest

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ser.core.emotions import in_order
from ser.figures.style import DARK, LIGHT, PRINT, titled

N_COLUMNS = 4


def projection_map(points: pd.DataFrame, *, title: str = "", note: str = "") -> Figure:
    """Map of rows, with a panel for each emotion: its rows are dark, all others are light.

    Parameters
    ----------
    points
        x, y, emotion, synthetic.

    Examples
    --------
    >>> points = pd.DataFrame({"x": [0.0, 1.0], "y": 0.0, "emotion": ["calm", "sad"], "synthetic": False})
    >>> [axes.get_title() for axes in projection_map(points).axes]
    ['calm', 'sad']
    """
    emotions = in_order(points["emotion"].unique())
    n_columns = min(N_COLUMNS, len(emotions))
    n_rows = -(-len(emotions) // n_columns)
    with mpl.rc_context(PRINT):
        figure = titled(2.2 * n_columns, 2.3 * n_rows + 0.4, title, note)
        panels = figure.subplots(n_rows, n_columns, squeeze=False)
        for axes, emotion in zip_longest(panels.ravel(), emotions):
            if emotion is None:
                axes.set_axis_off()
            else:
                _draw(axes, points, emotion)
        n_synthetic = int(points["synthetic"].sum())
        kinds = {
            f"real ({len(points) - n_synthetic})": ("o", DARK),
            f"synthetic ({n_synthetic})": ("x", DARK),
            "other emotions": ("o", LIGHT),
        }
        handles = [
            Line2D([], [], marker=marker, linestyle="", color=colour, markersize=4, label=label)
            for label, (marker, colour) in kinds.items()
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
        return figure


def _draw(axes: Axes, points: pd.DataFrame, emotion: str) -> None:
    own = points["emotion"] == emotion
    axes.scatter(points["x"][~own], points["y"][~own], s=3, color=LIGHT, linewidths=0)
    for synthetic, marker, width in ((True, "x", 0.5), (False, "o", 0)):
        rows = points[own & (points["synthetic"] == synthetic)]
        axes.scatter(rows["x"], rows["y"], s=7, marker=marker, color=DARK, linewidths=width, alpha=0.85)
    axes.set(xticks=[], yticks=[], title=emotion)
    axes.spines[:].set_visible(True)
