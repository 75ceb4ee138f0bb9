"""Pictures of results; each function returns a matplotlib figure, none touches a file."""

from itertools import cycle

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, recall_score

from ser.core.tables import EMOTIONS

DPI = 150
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")  # one a corpus
COLOURS = {  # told apart with the common colour blindnesses, and in lightness where they are close
    "neutral": "#7f7f7f",
    "calm": "#56b4e9",
    "happy": "#e6b800",
    "sad": "#0a4c8a",
    "angry": "#d62728",
    "fearful": "#7b3fa0",
    "disgust": "#2e8b57",
    "surprised": "#ff7f0e",
    "pleasant_surprise": "#f5a3c7",
    "boredom": "#8c564b",
}
SHAPES = dict(
    zip(EMOTIONS, ("o", "s", "^", "v", "D", "P", "<", "*", ">", "h"), strict=True)
)  # for print without colour


def titled(width: float, height: float, title: str, note: str) -> Figure:
    """Empty figure with a title and, below it, the note that must go with the numbers; wide enough for both."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    heading = figure.suptitle(f"{title}\n{note}" if note else title, fontsize=11)
    figure.set_figwidth(max(width, heading.get_window_extent().width / DPI + 0.2))
    return figure


def confusion(truth: pd.Series, prediction: pd.Series, *, labels: list[str], title: str, note: str = "") -> Figure:
    """Confusion matrix: share of each annotated emotion as shade and per cent, counts below."""
    counts = confusion_matrix(truth, prediction, labels=labels)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 1.9 + 0.6 * len(labels)
    figure = titled(size + 0.6, size, title, note)
    axes = figure.subplots()
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        axes.text(
            column,
            row,
            f"{share[row, column]:.0%}\n{count}",
            ha="center",
            va="center",
            fontsize=9,
            color="white" if _luminance(image.to_rgba(share[row, column])) < 0.18 else "black",
        )
    axes.set_xticks(range(len(labels)), labels, rotation=40, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("predicted")
    axes.set_ylabel("annotated")
    figure.colorbar(image, ax=axes, label="share of the annotated emotion", shrink=0.8)
    return figure


def per_class(
    truth: pd.Series,
    prediction: pd.Series,
    *,
    labels: list[str],
    title: str,
    note: str = "",
    corpus: pd.Series | None = None,
) -> Figure:
    """Bars of recall, precision and F1 of every emotion; the dashed line is the UAR, the dotted one chance.

    Where `corpus` tells that there are several, a mark in the recall's bar shows the recall in each.
    """
    precision, recall, f1, support = precision_recall_fscore_support(truth, prediction, labels=labels, zero_division=0)
    figure = titled(1.2 + 0.8 * len(labels), 4.6, title, note)
    axes = figure.subplots()
    position = np.arange(len(labels))
    shades = {"recall": (recall, "#08306b"), "precision": (precision, "#6baed6"), "F1": (f1, "#c6c6c6")}
    for k, (name, (values, colour)) in enumerate(shades.items()):
        axes.bar(position + (k - 1) * 0.27, values, 0.25, label=name, color=colour)
    for marker, (name, rows) in zip(cycle(MARKERS), _of_corpora(truth, prediction, corpus), strict=False):
        own = recall_score(rows["truth"], rows["prediction"], labels=labels, average=None, zero_division=0)
        there = np.isin(labels, rows["truth"])
        marks = axes.plot(position[there] - 0.27, own[there], marker, label=f"recall in {name}", clip_on=False)
        marks[0].set(markersize=6, color="#e6550d", zorder=3)
    uar = recall[support > 0].mean()
    axes.axhline(uar, color="black", linestyle="--", linewidth=1, label=f"UAR {uar:.3f}")
    axes.axhline(1 / len(labels), color="black", linestyle=":", linewidth=1, label=f"chance {1 / len(labels):.3f}")
    axes.set_xticks(position, [f"{label}\nn = {n}" for label, n in zip(labels, support, strict=True)])
    axes.set_ylim(0, 1)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3 if len(labels) < 6 else 5, frameon=False)
    return figure


def heat_map(uar: pd.DataFrame, *, chance: float, title: str, note: str = "") -> Figure:
    """UAR of every pair: a row for each corpus that trained, a column for each that was tested.

    Missing cells are blank; the shade begins at `chance`.
    """
    height = 3.0 + 0.8 * len(uar) + 0.2 * note.count("\n")
    figure = titled(3.2 + 1.1 * len(uar.columns), height, title, note)
    axes = figure.subplots()
    image = axes.imshow(100 * uar, cmap="Blues", vmin=100 * chance, vmax=100)
    for (row, column), value in np.ndenumerate(uar.to_numpy()):
        if not np.isnan(value):
            colour = "white" if _luminance(image.to_rgba(100 * value)) < 0.18 else "black"
            axes.text(column, row, f"{100 * value:.1f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(uar.columns)), uar.columns, rotation=40, ha="right")
    axes.set_yticks(range(len(uar)), uar.index)
    axes.set_xlabel("tested on")
    axes.set_ylabel("trained on")
    figure.colorbar(image, ax=axes, label=f"UAR, % (chance {100 * chance:.1f})", shrink=0.8)
    return figure


def _luminance(colour: npt.ArrayLike) -> float:
    """Relative luminance of an sRGB colour; white and black text have equal contrast on 0.18 (WCAG 2.1)."""
    rgb = np.asarray(colour, float)[:3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _of_corpora(truth: pd.Series, prediction: pd.Series, corpus: pd.Series | None) -> list[tuple[str, pd.DataFrame]]:
    if corpus is None or corpus.nunique() < 2:
        return []
    rows = pd.DataFrame({"truth": truth, "prediction": prediction})
    return [(str(name), part) for name, part in rows.groupby(corpus)]


def projection(points: pd.DataFrame, *, title: str, note: str = "") -> Figure:
    """Map of rows with columns x, y, emotion, synthetic: a colour and a shape an emotion, crosses are synthetic."""
    figure = titled(8, 6, title, note)
    axes = figure.subplots()
    emotions = [emotion for emotion in EMOTIONS if (points["emotion"] == emotion).any()]
    for emotion in emotions:
        rows = points[(points["emotion"] == emotion) & ~points["synthetic"]]
        axes.scatter(rows["x"], rows["y"], c=COLOURS[emotion], marker=SHAPES[emotion], s=26, linewidths=0, alpha=0.85)
    made = points[points["synthetic"]]
    axes.scatter(made["x"], made["y"], c=made["emotion"].map(COLOURS).tolist(), marker="x", s=22, linewidths=0.8)
    handles = [Line2D([], [], marker=SHAPES[name], linestyle="", color=COLOURS[name], label=name) for name in emotions]
    n_synthetic = int(points["synthetic"].sum())
    handles += [
        Line2D([], [], linestyle="", label=f"real ({len(points) - n_synthetic})"),
        Line2D([], [], marker="x", linestyle="", color="black", label=f"synthetic ({n_synthetic})"),
    ]
    figure.legend(handles=handles, loc="outside right center", frameon=False)
    axes.set_xticks([])
    axes.set_yticks([])
    return figure


def learning_curves(epochs: pd.DataFrame, *, title: str) -> Figure:
    """Loss and accuracy of training (dashed) and of dev by epoch, and dev's UAR; a line a fold, a dot where kept.

    Parameters
    ----------
    epochs
        fold, epoch, kept, loss, dev_loss, accuracy, dev_accuracy, dev_uar.
    """
    figure = titled(11, 4, title, "")
    panels = (("loss", "dev_loss", "cross-entropy"), ("accuracy", "dev_accuracy", "accuracy"), (None, "dev_uar", "UAR"))
    colours = [f"C{k}" for k in range(10)]
    for axes, (on_training, on_dev, label) in zip(figure.subplots(1, 3), panels, strict=True):
        for colour, (fold, rows) in zip(cycle(colours), epochs.groupby("fold")):
            if on_training:
                axes.plot(rows["epoch"], rows[on_training], linestyle="--", linewidth=0.8, color=colour)
            axes.plot(rows["epoch"], rows[on_dev], linewidth=1.2, color=colour, label=f"fold {fold}")
            kept = rows[rows["kept"]]
            axes.plot(kept["epoch"], kept[on_dev], marker="o", linestyle="", color=colour)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel(label)
        if label != "cross-entropy":
            axes.set_ylim(0, 1)
        axes.grid(alpha=0.3)
    lines = [
        Line2D([], [], color="black", linestyle="--", linewidth=0.8, label="training"),
        Line2D([], [], color="black", linewidth=1.2, label="dev"),
        Line2D([], [], color="black", marker="o", linestyle="", label="kept"),
    ]
    folds = epochs["fold"].unique()
    if len(folds) > 1:
        lines += [Line2D([], [], color=colour, label=f"fold {fold}") for colour, fold in zip(cycle(colours), folds)]
    figure.legend(handles=lines, loc="outside right center", frameon=False)
    return figure
