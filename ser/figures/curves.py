"""Learning curves of networks."""

import matplotlib as mpl
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ser.figures.style import DARK, INK, LINES, MIDDLE, PRINT, titled

PANELS = (("loss", "dev_loss", "cross-entropy"), ("accuracy", "dev_accuracy", "accuracy"), (None, "dev_uar", "UAR"))
MOST_NAMED = 10  # networks; colours of more cannot be distinguished

Colours = dict[str, tuple[str, str]]  # network -> colour of training, colour of dev


def learning_curves(epochs: pd.DataFrame, *, title: str = "") -> Figure:
    """Loss, accuracy and UAR by epoch, a line for each network; dashed is training, solid is dev.

    A dot marks the epoch that was kept. If there are 2 to 10 networks, each has a colour and its name in the legend.

    Parameters
    ----------
    epochs
        network, epoch, kept, loss, dev_loss, accuracy, dev_accuracy, dev_uar, as `trained.epochs` returns them. If
        there are no rows, the figure states that nothing was trained in epochs.

    Examples
    --------
    >>> epochs = pd.DataFrame({"network": "fold_0", "epoch": [1, 2], "kept": [False, True], "loss": 1.0})
    >>> figure = learning_curves(epochs.assign(dev_loss=1.2, accuracy=0.6, dev_accuracy=0.5, dev_uar=0.5))
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['cross-entropy', 'accuracy', 'UAR']
    """
    with mpl.rc_context(PRINT):
        if epochs.empty:
            figure = titled(10, 1.2, title)
            figure.text(0.5, 0.3, "The models were not trained in epochs.", ha="center", fontsize=11)
            return figure
        figure = titled(10, 3.4, title)
        colours = _colours(list(epochs["network"].unique()))
        for axes, (on_training, on_dev, label) in zip(figure.subplots(1, 3), PANELS, strict=True):
            for name, rows in epochs.groupby("network", sort=False):
                of_training, of_dev = colours[str(name)]
                if on_training:
                    axes.plot(rows["epoch"], rows[on_training], linestyle="--", linewidth=0.9, color=of_training)
                axes.plot(rows["epoch"], rows[on_dev], linewidth=1.1, color=of_dev)
                kept = rows[rows["kept"]]
                axes.plot(kept["epoch"], kept[on_dev], marker="o", linestyle="", markersize=4.5, color=of_dev)
            _label(axes, label)
        figure.legend(handles=_handles(colours), loc="outside right center", frameon=False)
        return figure


def _colours(names: list[str]) -> Colours:
    if not 1 < len(names) <= MOST_NAMED:
        return dict.fromkeys(names, (MIDDLE, DARK))
    shades = [colormaps["viridis"](0.9 * k / (len(names) - 1)) for k in range(len(names))]
    return {name: (colour, colour) for name, colour in zip(names, map(mpl.colors.to_hex, shades), strict=True)}


def _label(axes: Axes, label: str) -> None:
    axes.set(xlabel="epoch", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if label != "cross-entropy":
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(color=LINES, linewidth=0.5)


def _handles(colours: Colours) -> list[Line2D]:
    """Entries of the legend: the kinds of lines, and the networks that have colours of their own."""
    named = 1 < len(colours) <= MOST_NAMED
    of_training, of_dev = (INK, INK) if named else (MIDDLE, DARK)
    kinds = [
        Line2D([], [], color=of_training, linestyle="--", linewidth=0.9, label="training"),
        Line2D([], [], color=of_dev, linewidth=1.1, label="dev"),
        Line2D([], [], color=of_dev, marker="o", linestyle="", markersize=4.5, label="kept epoch"),
    ]
    return kinds + [Line2D([], [], color=dev, label=name) for name, (_, dev) in colours.items() if named]
