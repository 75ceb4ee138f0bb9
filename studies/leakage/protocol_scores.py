"""Inflation of scores by leakage, as a table and a picture."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser.core.wording import percent
from ser.figures.style import titled

ORDER = (
    *("leave_one_speaker_out", "speaker_folds", "random"),
    *("leaky_smote", "leaky_augmentation", "leaky_duplicates"),
)
LEAK_FREE = ORDER[:2]
BASELINE = ORDER[0]
NAMES = {
    "leave_one_speaker_out": "leave one speaker out",
    "speaker_folds": "folds of speakers",
    "random": "random",
    "leaky_smote": "SMOTE, then random",
    "leaky_augmentation": "augmentation, then random",
    "leaky_duplicates": "random, every recording twice",
}
LEAK, INK = "#d95f0e", "#1a1a1a"  # also far apart in lightness
DIGITS = 6


def with_inflation(scores: pd.DataFrame) -> pd.DataFrame:
    """`scores` with the column `inflation`: UAR above that of `BASELINE`, missing for leak-free protocols.

    Parameters
    ----------
    scores
        uar; one row for each protocol.

    Examples
    --------
    >>> uar = {"leave_one_speaker_out": 0.5, "speaker_folds": 0.55, "random": 0.7}
    >>> with_inflation(pd.DataFrame({"uar": uar}))["inflation"].to_dict()
    {'leave_one_speaker_out': nan, 'speaker_folds': nan, 'random': 0.2}
    """
    uar = scores["uar"].to_numpy(float)
    inflation = (uar - uar[scores.index == BASELINE]).round(DIGITS)
    return scores.assign(inflation=np.where(scores.index.isin(LEAK_FREE), np.nan, inflation))


def picture(scores: pd.DataFrame, *, chance: float, note: str) -> Figure:
    """UAR of each protocol with its interval; a hatched bar shows the inflation of each leaking protocol.

    Parameters
    ----------
    scores
        uar, uar_low, uar_high (missing: no interval), inflation; one row for each of `ORDER`.
    """
    figure = titled(8, 4.4, "Inflation by leakage: percentage points above leave one speaker out", note)
    axes = figure.subplots()
    places = {name: k + (0 if name in LEAK_FREE else 0.7) for k, name in enumerate(ORDER)}
    base = 100 * float(scores["uar"][BASELINE])
    for name, row in scores.astype(dict.fromkeys(("uar", "uar_low", "uar_high"), float)).iterrows():
        _draw_score(axes, row, places[str(name)], base=None if name in LEAK_FREE else base)
    axes.axvline(base, color=INK, linestyle="--", linewidth=1, zorder=0)
    axes.axvline(100 * chance, color=INK, linestyle=":", linewidth=1)
    axes.text(100 * chance + 0.5, -0.62, "chance", fontsize=9)
    axes.axhline((places["speaker_folds"] + places["random"]) / 2, color="#bbbbbb", linewidth=0.8)
    axes.set_yticks(list(places.values()), [NAMES[name] for name in places])
    axes.set_ylim(max(places.values()) + 0.5, -0.8)
    axes.set_xlim(0, 115)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("UAR, % (95 % interval over speakers)")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    for text, name in (("speaker-independent", BASELINE), ("test speakers also in training", "random")):
        axes.text(113, places[name] - 0.5, text, ha="right", va="center", fontsize=9, style="italic")
    return figure


def _draw_score(axes: Axes, row: pd.Series, place: float, *, base: float | None) -> None:
    """Draw the UAR of a protocol with its interval; `base` is the UAR without leakage, None for leak-free protocols."""
    uar, low, high = (100 * row[key] for key in ("uar", "uar_low", "uar_high"))
    text = percent(row["uar"])
    if base is not None:
        axes.barh(place, uar - base, 0.5, left=base, color="#fdd0a2", edgecolor=LEAK, hatch="///", linewidth=0)
        text += f"   {uar - base:+.1f} points"
    axes.hlines(place, low, high, color=INK, linewidth=2)  # draws nothing if there is no interval
    axes.plot(uar, place, "o" if base is None else "s", color=INK, markerfacecolor=INK if base is None else "white")
    right = uar if np.isnan(high) else max(uar, high)
    axes.text(right + 1, place, text, va="center", weight="normal" if base is None else "bold")
