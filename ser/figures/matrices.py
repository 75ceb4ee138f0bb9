"""Matrices with a number in each cell: the confusion matrix of a study, and UARs across corpora."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import confusion_matrix

from ser.core.wording import percent
from ser.figures.style import letters_on, titled

Values = npt.NDArray[np.float64]


def confusion(truth: pd.Series, prediction: pd.Series, *, labels: list[str], title: str, note: str = "") -> Figure:
    """Confusion matrix: the share of each annotated emotion as shade and in per cent, the count below it.

    Parameters
    ----------
    labels
        Emotions in the order of rows and columns.

    Examples
    --------
    >>> truth, prediction = pd.Series(["sad", "sad", "calm"]), pd.Series(["sad", "calm", "calm"])
    >>> figure = confusion(truth, prediction, labels=["calm", "sad"], title="")
    >>> [text.get_text().split() for text in figure.axes[0].texts]
    [['100%', '1'], ['0%', '0'], ['50%', '1'], ['50%', '1']]
    """
    counts = confusion_matrix(truth, prediction, labels=labels)
    shares: Values = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 1.9 + 0.6 * len(labels)
    figure = titled(size + 0.6, size, title, note)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    texts = [
        [f"{percent(share, digits=0)}%\n{count}" for share, count in zip(*row, strict=True)]
        for row in zip(shares, counts, strict=True)
    ]
    _write_cells(axes, texts, size=9)
    _name_axes(axes, labels, labels, "predicted", "annotated")
    scale = PercentFormatter(1)  # as in the cells
    figure.colorbar(axes.images[0], ax=axes, label="share of the annotated emotion", shrink=0.8, format=scale)
    return figure


def heat_map(uar: pd.DataFrame, *, chance: float, title: str, note: str = "") -> Figure:
    """UAR of each pair of corpora: a row for each training corpus, a column for each test corpus.

    Missing values are blank cells; the shades begin at `chance`.

    Examples
    --------
    >>> uar = pd.DataFrame({"emodb": [0.8, 0.5], "savee": [0.4, 0.9]}, index=["emodb", "savee"])
    >>> [text.get_text() for text in heat_map(uar, chance=0.25, title="").axes[0].texts]
    ['80.0', '40.0', '50.0', '90.0']
    """
    height = 3.0 + 0.8 * len(uar) + 0.2 * note.count("\n")
    figure = titled(3.2 + 1.1 * len(uar.columns), height, title, note)
    axes = figure.subplots()
    axes.imshow(100 * uar, cmap="Blues", vmin=100 * chance, vmax=100)
    texts = [["" if np.isnan(share) else percent(share) for share in row] for row in uar.to_numpy()]
    _write_cells(axes, texts, size=10)
    _name_axes(axes, list(uar.index), list(uar.columns), "tested on", "trained on")
    figure.colorbar(axes.images[0], ax=axes, label=f"UAR, % (chance {percent(chance)})", shrink=0.8)
    return figure


def _write_cells(axes: Axes, texts: Sequence[Sequence[str]], *, size: float) -> None:
    """Write a text into each cell of the image on `axes`, in black or white."""
    (image,) = axes.images
    shades = image.to_rgba(np.ma.asarray(image.get_array()))
    for row, column in np.ndindex(shades.shape[:2]):
        if text := texts[row][column]:
            colour = letters_on(shades[row, column])
            axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)


def _name_axes(axes: Axes, rows: Sequence[str], columns: Sequence[str], across: str, down: str) -> None:
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel(across)
    axes.set_ylabel(down)
