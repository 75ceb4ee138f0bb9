"""Pictures of a corpus: its emotions and speakers, and the duration, level, silence and pitch of its recordings."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, PercentFormatter

from ser.core.emotions import in_order
from ser.core.groups import counts, present_sexes
from ser.core.sexes import SEXES, UNKNOWN
from ser.core.wording import counted
from ser.figures.style import colours, titled

SHADES = dict(zip(SEXES, ("#08306b", "#6baed6", "#969696", "#c6c6c6"), strict=True))  # far apart in greyscale
OTHER = "#9ecae1"  # colour of the boxes of corpora
MAX_ROWS = 40  # rows of a readable table of speakers
PITCHES = (50, 70, 100, 140, 200, 280, 400, 560)  # Hz, half an octave apart


def classes(table: pd.DataFrame, *, title: str) -> Figure:
    """Number of utterances of each emotion, by sex; by corpus if there are several.

    Examples
    --------
    >>> table = pd.DataFrame({"corpus": "emodb", "emotion": ["sad", "sad", "angry"], "sex": ["male", "female", "male"]})
    >>> [text.get_text() for text in classes(table, title="").axes[0].texts]
    ['2', '1']
    """
    by = "sex" if table["corpus"].nunique() == 1 else "corpus"
    crossed = counts(table, by)
    if by == "sex":
        crossed = crossed.loc[present_sexes(table)]
    figure = titled(2.8 + 0.8 * len(crossed.columns), 4.0, title)
    axes = figure.subplots()
    bottom = np.zeros(len(crossed.columns))
    palette = [SHADES.get(str(name), "") for name in crossed.index] if by == "sex" else _shades(len(crossed))
    for shade, (name, row) in zip(palette, crossed.iterrows(), strict=True):
        axes.bar(range(row.size), row, 0.7, bottom=bottom, color=shade, label=str(name), edgecolor="white")
        bottom += row.to_numpy()
    for position, total in enumerate(bottom):
        axes.text(position, total, f"{total:.0f}", ha="center", va="bottom", fontsize=9)
    _name_ticks(axes, list(crossed.columns), first=0)
    axes.set_ylabel("utterances")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.1)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], title=by, loc="outside right center", frameon=False)
    return figure


def _shades(number: int) -> list[str]:
    """Blues from dark to light."""
    return [to_hex(colormaps["Blues"](level)) for level in np.linspace(0.95, 0.25, number)]


def speakers(table: pd.DataFrame, *, title: str) -> Figure:
    """Number of utterances of each speaker and emotion, as a table; for over 40 speakers, bars of their totals.

    Examples
    --------
    >>> table = pd.DataFrame({"speaker": ["emodb/03", "emodb/08"], "sex": ["male", "female"], "emotion": "sad"})
    >>> [label.get_text() for label in speakers(table, title="").axes[0].get_yticklabels()]
    ['emodb/03 (male)', 'emodb/08 (female)']
    """
    known = table[table["speaker"].notna()]
    sex = known.groupby("speaker")["sex"].first().fillna(UNKNOWN)
    crossed = counts(table, "speaker")
    if len(crossed) > MAX_ROWS:
        return _totals(crossed, title=title)
    figure = titled(2.6 + 0.66 * len(crossed.columns), 1.4 + 0.23 * len(crossed), title, "utterances of each speaker")
    axes = figure.subplots()
    most = max(1, int(crossed.to_numpy().max()))
    axes.imshow(crossed, cmap="Blues", vmin=0, vmax=2 * most, aspect="auto")  # light shades: the numbers are black
    for (row, column), count in np.ndenumerate(crossed.to_numpy()):
        axes.text(column, row, f"{count}" if count else "-", ha="center", va="center", fontsize=9)
    _name_ticks(axes, list(crossed.columns), first=0)
    axes.spines[:].set_visible(False)
    rows = [f"{name} ({sex[name]})" if sex.get(name, UNKNOWN) != UNKNOWN else str(name) for name in crossed.index]
    axes.set_yticks(range(len(crossed)), rows, fontsize=8, parse_math=False)
    return figure


def _totals(crossed: pd.DataFrame, *, title: str) -> Figure:
    figure = titled(9, 3.6, title)
    axes = figure.subplots()
    totals = crossed.sum(axis=1).sort_values(ascending=False)
    axes.bar(range(len(totals)), totals, 1.0, color=SHADES["female"], edgecolor="white", linewidth=0.3)
    axes.set_xlabel(f"the {len(totals)} speakers, those with most utterances first")
    axes.set_ylabel("utterances")
    axes.set_xlim(-0.5, len(totals) - 0.5)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def recordings(table: pd.DataFrame, *, by: str, title: str) -> Figure:
    """Boxes of duration, peak, RMS level, and silence (at the start, at the end, in all) of each emotion or corpus.

    Parameters
    ----------
    by
        `emotion` or `corpus`.

    Examples
    --------
    >>> columns = ("peak_dbfs", "rms_dbfs", "leading_silence", "trailing_silence", "silence_share")
    >>> table = pd.DataFrame({"emotion": ["sad", "angry"], "duration": [2.5, 1.5], **dict.fromkeys(columns, 0.0)})
    >>> figure = recordings(table, by="emotion", title="EmoDB")
    >>> [label.get_text() for label in figure.axes[3].get_xticklabels()]
    ['sad', 'angry']
    """
    panels = (
        ("duration", "duration in s"),
        ("peak_dbfs", "peak in dBFS"),
        ("rms_dbfs", "RMS level in dBFS"),
        ("leading_silence", "silence at the start in s"),
        ("trailing_silence", "silence at the end in s"),
        ("silence_share", "share of silence"),
    )
    note = "boxes: quartiles; whiskers: 5 to 95 %; dots: other utterances; silence: 40 dB below the loudest 10 ms"
    names = _names(table, by)
    figure = titled(max(10.5, 3 * (1 + 0.3 * len(names))), 6.4, title, note)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
    grid = figure.subplots(2, 3, sharex=True)
    for axes, (column, label) in zip(grid.flat, panels, strict=True):
        _draw_boxes(axes, table, column, by=by, names=names)
        axes.set_ylabel(label)
        if not column.endswith("_dbfs"):
            axes.set_ylim(bottom=0)
        elif np.ptp(table[column]) < 1:  # the corpus was normalised
            axes.set_ylim(table[column].median() - 6, table[column].median() + 6)
    grid[1, 2].yaxis.set_major_formatter(PercentFormatter(1))
    return figure


def pitch(table: pd.DataFrame, *, title: str) -> Figure:
    """Boxes of each emotion: median F0 by sex, median F0 relative to the speaker's own, and range of F0.

    Examples
    --------
    >>> table = pd.DataFrame({"speaker": list("aabb"), "sex": ["male", "male", "female", "female"], "emotion": "sad"})
    >>> table = table.assign(f0_median=[110.0, 120.0, 200.0, 220.0], f0_relative=0.0, f0_range=6.0)
    >>> [axes.get_title() for axes in pitch(table, title="EmoDB").axes[:2]]
    ['female, 2 utterances, 1 speaker', 'male, 2 utterances, 1 speaker']
    """
    note = (
        "one value an utterance: median, and 5th to 95th percentile, of the voiced frames (pYIN, 60 to 600 Hz)\n"
        "boxes: quartiles; whiskers: 5 to 95 %; dots: other utterances"
    )
    names = _names(table, "emotion")
    figure = titled(10.5, 7.6, title, note)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.05)
    upper, lower = figure.subfigures(2, 1, squeeze=False)[:, 0]
    present = present_sexes(table)
    sex = table["sex"].fillna(UNKNOWN)
    frequency = upper.subplots(1, len(present), sharey=True, squeeze=False)[0]
    for axes, one in zip(frequency, present, strict=True):
        rows = table[sex == one]
        _draw_boxes(axes, rows, "f0_median", by="emotion", names=names)
        voices = f"{counted(len(rows), 'utterance')}, {counted(rows['speaker'].nunique(), 'speaker')}"
        axes.set_title(f"{'sex unknown' if one == UNKNOWN else one}, {voices}", fontsize=10)
        _use_hertz(axes, table["f0_median"])
    frequency[0].set_ylabel("median F0 in Hz")
    relative, span = lower.subplots(1, 2)
    _draw_boxes(relative, table, "f0_relative", by="emotion", names=names)
    relative.axhline(0, color="black", linewidth=0.8, zorder=0)
    relative.yaxis.set_major_locator(MaxNLocator(integer=True))
    relative.set_ylabel("median F0 in semitones\nabove the speaker's own")
    if table["f0_relative"].isna().all():
        relative.text(0.5, 0.5, "no speaker is known", ha="center", transform=relative.transAxes)
    _draw_boxes(span, table, "f0_range", by="emotion", names=names)
    span.set_ylabel("range of F0 in semitones")
    span.set_ylim(bottom=0)
    return figure


def _use_hertz(axes: Axes, values: pd.Series) -> None:
    axes.set_yscale("log")
    if values.notna().any():
        axes.set_ylim(values.min() / 1.08, values.max() * 1.08)
    axes.yaxis.set_major_locator(FixedLocator(PITCHES))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))


def _names(table: pd.DataFrame, by: str) -> list[str]:
    present = set(table[by])
    return in_order(present) if by == "emotion" else sorted(present)


def _draw_boxes(axes: Axes, table: pd.DataFrame, column: str, *, by: str, names: list[str]) -> None:
    """Draw a box for each of `names`; it is empty if nothing was measured."""
    values = [table.loc[table[by] == name, column].dropna().to_numpy() for name in names]
    drawn = axes.boxplot(
        values,
        whis=(5, 95),
        widths=0.6,
        patch_artist=True,
        medianprops={"color": "black", "linewidth": 1.6},
        flierprops={"marker": ".", "markersize": 3, "markerfacecolor": "black", "markeredgewidth": 0, "alpha": 0.5},
    )
    shades = colours(names) if by == "emotion" else dict.fromkeys(names, OTHER)
    for box, name in zip(drawn["boxes"], names, strict=True):
        box.set(facecolor=shades[name], alpha=0.75, linewidth=0.8)
    _name_ticks(axes, names, first=1)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)


def _name_ticks(axes: Axes, names: list[str], *, first: int) -> None:
    axes.set_xticks(range(first, first + len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", length=0)
    axes.spines[["top", "right"]].set_visible(False)
