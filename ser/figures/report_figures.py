"""Pictures of the report: readable on paper and without colour; each function returns a matplotlib figure."""

import io
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ser.audio.waveforms import Waveform
from ser.core.tables import EMOTIONS
from ser.features.spectral.analysis import Analysis
from ser.features.spectral.scales import decibels
from ser.models.progress import Epoch
from ser.reporting.blocks import data_uri

DARK, MIDDLE, LIGHT = "#12406b", "#7d9cba", "#d5dde5"  # told apart by lightness alone
INK, LINES = "#1c2733", "#c9d1d9"
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.edgecolor": LINES,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "path",  # the letters look alike on every machine
}
DPI = 110
WINDOW = 0.032  # seconds, about
HIGHEST = 8000.0  # Hz
RANGE = 70.0  # decibel between the lightest and the darkest shade
N_COLUMNS = 300  # of a spectrogram at most


def svg_uri(figure: Figure) -> str:
    """The figure as a drawing that lies in the page; the same bytes for the same figure."""
    file = io.BytesIO()
    with mpl.rc_context(STYLE | {"svg.hashsalt": "report"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return data_uri(file.getvalue(), "image/svg+xml")


def png_uri(figure: Figure) -> str:
    """The figure as a grid of pixels: of what has more dots than pixels."""
    file = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(file, format="png", dpi=DPI, pil_kwargs={"optimize": True})
    return data_uri(file.getvalue(), "image/png")


def reliability(bins: Mapping[str, pd.DataFrame], *, n_bins: int) -> Figure:
    """One panel a name: accuracy in each bin of confidence; below it, how many utterances there are."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(0.6 + 2.9 * len(bins), 3.9), layout="constrained")
        panels = figure.subplots(2, len(bins), sharex=True, squeeze=False, height_ratios=(3, 1))
        most = max(int(table["n_utterances"].max()) for table in bins.values())
        for k, (name, table) in enumerate(bins.items()):
            upper, lower = panels[0, k], panels[1, k]
            middle, width = (table["low"] + table["high"]) / 2, 0.92 / n_bins
            upper.bar(middle, table["accuracy"], width, color=MIDDLE, edgecolor=DARK, linewidth=0.8)
            upper.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=1)
            upper.plot(table["confidence"], table["accuracy"], "o", color=DARK, markersize=3.5)
            upper.set(title=name, xlim=(0, 1), ylim=(0, 1))
            lower.bar(middle, table["n_utterances"], width, color=LIGHT, edgecolor=MIDDLE, linewidth=0.8)
            lower.set(xlabel="confidence", ylim=(0, 1.08 * most))
            lower.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        panels[0, 0].set_ylabel("share that is right")
        panels[1, 0].set_ylabel("utterances")
        return figure


def learning_curves(histories: Mapping[str, Sequence[Epoch]], kept: Mapping[str, int]) -> Figure:
    """Loss, accuracy and UAR by epoch: training dashed, dev solid; a dot marks the epoch that was kept."""
    panels = (("loss", "dev_loss", "cross-entropy"), ("accuracy", "dev_accuracy", "accuracy"), (None, "dev_uar", "UAR"))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.1), layout="constrained")
        for axes, (on_training, on_dev, label) in zip(figure.subplots(1, 3), panels, strict=True):
            for name, history in histories.items():
                epochs = pd.DataFrame(list(history))
                if on_training:
                    axes.plot(epochs.index, epochs[on_training], linestyle="--", linewidth=0.9, color=MIDDLE)
                axes.plot(epochs.index, epochs[on_dev], linewidth=1, color=DARK)
                axes.plot(kept[name], epochs[on_dev][kept[name]], "o", color=DARK, markersize=4.5)
            axes.set(xlabel="epoch", ylabel=label)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            if label != "cross-entropy":
                axes.set_ylim(0, 1)
                axes.yaxis.set_major_formatter(PercentFormatter(1))
            axes.grid(color=LINES, linewidth=0.5)
        lines = [
            Line2D([], [], color=MIDDLE, linestyle="--", label="training"),
            Line2D([], [], color=DARK, label="dev"),
            Line2D([], [], color=DARK, marker="o", linestyle="", label="epoch that was kept"),
        ]
        figure.legend(handles=lines, loc="outside upper center", ncols=3, frameon=False)
        return figure


def projection(points: pd.DataFrame) -> Figure:
    """Map of rows (x, y, emotion, synthetic), a panel an emotion: its rows dark, all others light."""
    emotions = [emotion for emotion in EMOTIONS if (points["emotion"] == emotion).any()]
    n_columns = min(4, len(emotions))
    n_rows = -(-len(emotions) // n_columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(2.2 * n_columns, 2.35 * n_rows), layout="constrained")
        panels = figure.subplots(n_rows, n_columns, squeeze=False)
        for axes, emotion in zip_longest(panels.ravel(), emotions):
            if emotion is None:
                axes.set_axis_off()
            else:
                _mapped(axes, points, emotion)
        return figure


def _mapped(axes: Axes, points: pd.DataFrame, emotion: str) -> None:
    own = points["emotion"] == emotion
    axes.scatter(points["x"][~own], points["y"][~own], s=2, color=LIGHT, linewidths=0)
    for synthetic, marker, size in ((True, "x", 7), (False, "o", 7)):
        rows = points[own & (points["synthetic"] == synthetic)]
        width = 0.5 if synthetic else 0
        axes.scatter(rows["x"], rows["y"], s=size, marker=marker, color=DARK, linewidths=width, alpha=0.85)
    axes.set(xticks=[], yticks=[], title=emotion)
    axes.spines[:].set_visible(True)


def importance(falls: pd.DataFrame) -> Figure:
    """Bars of `importance.importances`; whiskers reach from the smallest to the largest fall of the repeats."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.5, 0.8 + 0.3 * len(falls)), layout="constrained")
        axes = figure.subplots()
        fall = 100 * falls[["drop", "least", "most"]]
        spread = [fall["drop"] - fall["least"], fall["most"] - fall["drop"]]
        axes.barh(falls["descriptor"], fall["drop"], 0.65, color=MIDDLE, edgecolor=DARK, linewidth=0.8)
        axes.errorbar(fall["drop"], falls["descriptor"], xerr=spread, fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.invert_yaxis()
        axes.set_xlabel("fall of the dev UAR, percentage points")
        return figure


def spectrogram(waveform: Waveform, sample_rate: int) -> Figure:
    """Spectrogram up to 8 kHz; the darker the louder, white is 70 dB below the loudest."""
    n_fft = 2 ** round(np.log2(WINDOW * sample_rate))
    hop_length = max(n_fft // 4, -(-waveform.size // N_COLUMNS))
    analysis = Analysis(waveform, sample_rate=sample_rate, n_fft=n_fft, hop_length=hop_length, precision="single")
    power = analysis.power[analysis.frequencies <= HIGHEST]
    level = decibels(power, reference=power.max())
    extent = (0, waveform.size / sample_rate, 0, min(HIGHEST, sample_rate / 2) / 1000)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 1.7), layout="constrained")
        axes = figure.subplots()
        axes.imshow(level, cmap="gray_r", vmin=-RANGE, vmax=0, aspect="auto", origin="lower", extent=extent)
        axes.set(xlabel="s", ylabel="kHz")
        return figure
