"""Style of the pictures: colours, titles, and files in memory."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import font_manager
from matplotlib.figure import Figure

from ser.core.emotions import in_order

DPI = 150
COLOURS = {  # colours of emotions that people with common colour blindnesses can distinguish, some by lightness
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
NEW = (  # colours of all other emotions, as different from those above as from each other
    *("#e0218a", "#00b3a4", "#4b6bfb", "#9ad13c", "#ffbe98", "#6b5b00"),
    *("#7a0b3f", "#b9a6ee", "#0b4d2c", "#e85aff", "#59e8ff", "#1d1d6b"),
)
FONT = "DejaVu Sans"  # comes with matplotlib
SCRIPTS = (  # fonts of several systems for letters that it lacks, for emotions in scripts of Asia
    *("Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC", "Arial Unicode MS"),
    *("Noto Sans Devanagari", "Kohinoor Devanagari", "Nirmala UI", "Noto Sans Bengali"),
)
DARK, MIDDLE, LIGHT = "#12406b", "#7d9cba", "#d5dde5"  # far apart in lightness: readable in print without colour
INK, LINES = "#1c2733", "#c9d1d9"
PRINT: dict[Any, Any] = {  # settings of matplotlib for pictures that are read on paper, too
    "font.size": 9,
    "axes.edgecolor": LINES,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "path",  # letters look the same on every machine
}


def fonts(installed: Iterable[str]) -> list[str]:
    """Fonts of the pictures: the usual one, and those that are `installed` for letters that it lacks.

    Examples
    --------
    >>> fonts(["DejaVu Sans", "Noto Sans Devanagari", "Comic Sans MS"])
    ['DejaVu Sans', 'Noto Sans Devanagari']
    """
    there = set(installed)
    return [FONT, *(name for name in SCRIPTS if name in there)]


mpl.rcParams["font.family"] = fonts(font_manager.get_font_names())


@dataclass(frozen=True)
class Look:
    """Colours and letter size of the pictures of a recording; the background is that of the page.

    Examples
    --------
    >>> Look("black", "grey", "blue").shades
    'magma'
    """

    text: str
    line: str
    """Axes and ticks."""
    curve: str
    shades: str = "magma"
    """Colour map of matplotlib."""
    size: float = 11.0
    """Letters of the axis labels, in points; those of the ticks are a little smaller."""


PAPER = Look("black", "#b0b0b0", "#1f6fb5")
REPORT = Look(INK, LINES, DARK, shades="gray_r", size=9.0)


def colours(emotions: Iterable[str]) -> dict[str, str]:
    """Colour of each emotion of a study or a model.

    The ten of `COLOURS` always have their own. The other emotions have those of `NEW` in alphabetical order, so their
    colours are the same in all pictures of the study, and differ up to twelve; after that they repeat.

    Examples
    --------
    >>> colours(["excited", "sad", "amused"])
    {'sad': '#0a4c8a', 'amused': '#e0218a', 'excited': '#00b3a4'}
    """
    names = in_order(emotions)
    new = (name for name in names if name not in COLOURS)
    return {name: COLOURS[name] for name in names if name in COLOURS} | dict(zip(new, cycle(NEW), strict=False))


def titled(width: float, height: float, title: str, note: str = "") -> Figure:
    """Empty figure with a title and, below it, a note; both may be empty. The figure is at least as wide as they are.

    Parameters
    ----------
    width, height
        Inches.

    Examples
    --------
    >>> titled(4, 3, "RAVDESS").get_size_inches().tolist()
    [4.0, 3.0]
    """
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    text = "\n".join(part for part in (title, note) if part)
    if text:
        heading = figure.suptitle(text, fontsize=11)
        figure.set_figwidth(max(width, heading.get_window_extent().width / DPI + 0.2))
    return figure


def letters_on(colour: npt.ArrayLike) -> str:
    """Black or white, whichever has the higher contrast on an sRGB colour (red, green, blue from 0 to 1).

    References
    ----------
    .. [1] Web Content Accessibility Guidelines 2.1: the contrasts are equal at a relative luminance of 0.18.

    Examples
    --------
    >>> letters_on([1, 1, 0]), letters_on([0, 0, 1])
    ('#000', '#fff')
    """
    rgb = np.asarray(colour, float)[:3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return "#fff" if float(linear @ [0.2126, 0.7152, 0.0722]) < 0.18 else "#000"


def svg(figure: Figure) -> bytes:
    """Figure as an SVG file; equal figures give equal bytes.

    Examples
    --------
    >>> svg(titled(1, 1, ""))[:5]
    b'<?xml'
    """
    file = io.BytesIO()
    with mpl.rc_context(PRINT | {"svg.hashsalt": "report"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def png(figure: Figure, **options: Any) -> bytes:
    """Figure as a PNG file, with the options of matplotlib's `savefig`.

    Examples
    --------
    >>> png(titled(1, 1, ""))[1:4]
    b'PNG'
    """
    file = io.BytesIO()
    figure.savefig(file, format="png", **options)
    return file.getvalue()
