"""Bars of the scores of each emotion."""

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import precision_recall_fscore_support, recall_score

from ser.core.wording import percent
from ser.figures.style import titled

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")  # one a corpus
WIDTH = 0.27  # width of a bar and of the gap after it, as a share of the distance of emotions


def per_class(
    truth: pd.Series,
    prediction: pd.Series,
    *,
    labels: list[str],
    title: str,
    note: str = "",
    corpus: pd.Series | None = None,
) -> Figure:
    """Bars of recall, precision and F1 of each emotion; the dashed line is the UAR, the dotted one chance.

    Parameters
    ----------
    labels
        Emotions in the order of the bars.
    corpus
        Corpus of each utterance. If there are several, a mark shows the recall in each of them.

    Examples
    --------
    >>> truth, prediction = pd.Series(["sad", "sad", "calm"]), pd.Series(["sad", "calm", "calm"])
    >>> figure = per_class(truth, prediction, labels=["calm", "sad"], title="EmoDB")
    >>> [float(bar.get_height()) for bar in figure.axes[0].containers[0]]  # recall of each emotion
    [1.0, 0.5]
    """
    precision, recall, f1, support = precision_recall_fscore_support(truth, prediction, labels=labels, zero_division=0)
    figure = titled(1.2 + 0.8 * len(labels), 4.6, title, note)
    axes = figure.subplots()
    position = np.arange(len(labels))
    shades = {"recall": (recall, "#08306b"), "precision": (precision, "#6baed6"), "F1": (f1, "#c6c6c6")}
    for k, (name, (values, colour)) in enumerate(shades.items()):
        axes.bar(position + (k - 1) * WIDTH, values, 0.25, label=name, color=colour)
    if corpus is not None and corpus.nunique() > 1:
        _mark_corpora(axes, pd.DataFrame({"truth": truth, "prediction": prediction, "corpus": corpus}), labels)
    uar, chance = float(recall[support > 0].mean()), 1 / len(labels)
    axes.axhline(uar, color="black", linestyle="--", linewidth=1, label=f"UAR {percent(uar)} %")
    axes.axhline(chance, color="black", linestyle=":", linewidth=1, label=f"chance {percent(chance)} %")
    axes.set_xticks(position, [f"{label}\nn = {n}" for label, n in zip(labels, support, strict=True)])
    axes.set_ylim(0, 1)
    axes.set_ylabel("score of the emotion")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3 if len(labels) < 6 else 5, frameon=False)
    return figure


def _mark_corpora(axes: Axes, rows: pd.DataFrame, labels: list[str]) -> None:
    """Mark the recall in each corpus on the bars of the recall, for the emotions that the corpus has."""
    for marker, (name, part) in zip(cycle(MARKERS), rows.groupby("corpus"), strict=False):
        recall = recall_score(part["truth"], part["prediction"], labels=labels, average=None, zero_division=0)
        present = np.isin(labels, part["truth"])
        position = np.flatnonzero(present) - WIDTH
        (marks,) = axes.plot(position, recall[present], marker, label=f"recall in {name}", clip_on=False)
        marks.set(markersize=6, color="#e6550d", zorder=3)
