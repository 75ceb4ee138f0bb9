"""How much of a score is leakage: scores by protocol as a table and a picture."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ser.figures.result_figures import DPI

ORDER = (
    *("leave_one_speaker_out", "speaker_folds", "random"),
    *("leaky_smote", "leaky_augmentation", "leaky_duplicates"),
)
HONEST = ORDER[:2]
BASELINE = ORDER[0]
NAMES = {
    "leave_one_speaker_out": "leave one speaker out",
    "speaker_folds": "folds of speakers",
    "random": "random",
    "leaky_smote": "SMOTE, then random",
    "leaky_augmentation": "augmentation, then random",
    "leaky_duplicates": "random, every recording twice",
}
LEAK, INK = "#d95f0e", "#1a1a1a"  # far apart in lightness, too
DIGITS = 6


def with_inflation(scores: pd.DataFrame) -> pd.DataFrame:
    """`scores`, a row a protocol, with what each leaking one has in UAR above `BASELINE`; missing of honest ones."""
    uar = scores["uar"].to_numpy(float)
    inflation = (uar - uar[scores.index == BASELINE]).round(DIGITS)
    return scores.assign(inflation=np.where(scores.index.isin(HONEST), np.nan, inflation))


def picture(scores: pd.DataFrame, *, chance: float, note: str) -> Figure:
    """UAR of each protocol with its interval: honest ones above the line; of the others, the leakage is a hatched bar.

    Parameters
    ----------
    scores
        uar, uar_low, uar_high (missing: no interval), inflation; a row each of `ORDER`.
    """
    figure = Figure(figsize=(8, 4.4), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    percent = {name: 100 * scores[name].astype(float) for name in ("uar", "uar_low", "uar_high")}
    base = float(percent["uar"][BASELINE])
    places = {name: k + (0 if name in HONEST else 0.7) for k, name in enumerate(ORDER)}
    for name, place in places.items():
        uar, low, high = (float(percent[key][name]) for key in ("uar", "uar_low", "uar_high"))
        is_honest = name in HONEST
        if not is_honest:
            axes.barh(place, uar - base, 0.5, left=base, color="#fdd0a2", edgecolor=LEAK, hatch="///", linewidth=0)
        axes.hlines(place, low, high, color=INK, linewidth=2)  # nothing where there is no interval
        axes.plot(uar, place, "o" if is_honest else "s", color=INK, markerfacecolor=INK if is_honest else "white")
        more = "" if is_honest else f"   {uar - base:+.1f} points"
        right = uar if np.isnan(high) else max(uar, high)
        axes.text(right + 1, place, f"{uar:.1f}{more}", va="center", weight="normal" if is_honest else "bold")
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
    for text, name in (("speakers unheard", "leave_one_speaker_out"), ("speakers heard in training", "random")):
        axes.text(113, places[name] - 0.5, text, ha="right", va="center", fontsize=9, style="italic")
    figure.suptitle(f"How much of a score is leakage: points above leave one speaker out\n{note}", fontsize=11)
    return figure
