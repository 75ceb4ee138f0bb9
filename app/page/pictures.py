"""Pictures of a recording, for a light or a dark page; each function returns a matplotlib figure.

All are about as wide as a phone, so that their letters are legible there and in a column of a wide page.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from ser.audio.waveforms import Waveform
from ser.features.spectral.analysis import Analysis
from ser.figures import recordings, style
from ser.figures.style import Look, colours
from ser.serving.predictions import TimedPrediction
from ser.serving.recognition import NO_SPEECH

DPI = 170
WIDTH, HEIGHT = 5.2, 2.7  # inches
LOOKS = {False: Look("#1b2733", "#c9d3dd", "#1f6fb5"), True: Look("#e6ebf0", "#3a4653", "#6baed6")}  # by `dark`


def png(figure: Figure) -> bytes:
    """PNG file with a transparent background.

    Examples
    --------
    >>> png(Figure(figsize=(1, 1)))[1:4]
    b'PNG'
    """
    return style.png(figure, dpi=DPI, transparent=True)


def waveform(samples: Waveform, sample_rate: int, *, dark: bool = False) -> Figure:
    """Waveform: highest and lowest sample over time.

    Examples
    --------
    >>> waveform(np.zeros(4, np.float32), sample_rate=4).get_size_inches().tolist()
    [5.2, 3.3]
    """
    figure, axes = recordings.framed(WIDTH, 3.3, LOOKS[dark])
    recordings.draw_waveform(axes, samples, sample_rate, LOOKS[dark])
    return figure


def spectrum(name: str, analysis: Analysis, *, dark: bool = False) -> Figure:
    """Spectrum of a name in `ser.figures.recordings.SPECTRA`.

    Examples
    --------
    >>> analysis = recordings.spectra(np.ones(1600, np.float32), 16_000)
    >>> spectrum("Magnitude spectrum", analysis).axes[0].get_xlabel()
    'frequency in Hz'
    """
    figure, axes = recordings.framed(WIDTH, HEIGHT, LOOKS[dark])
    recordings.SPECTRA[name](axes, analysis, LOOKS[dark])
    return figure


def timeline(windows: Sequence[TimedPrediction], *, dark: bool = False) -> Figure:
    """A row for each emotion, a column for each window; stronger colours are more probable, a dot marks the maximum.

    Examples
    --------
    >>> windows = [{"start": 0.0, "end": 3.0, "emotion": "sad", "probabilities": {"calm": 0.2, "sad": 0.8}}]
    >>> [label.get_text() for label in timeline(windows).axes[0].get_yticklabels()]
    ['calm', 'sad']
    """
    labels = list(next((one["probabilities"] for one in windows if one["probabilities"]), {}))
    figure, axes = recordings.framed(WIDTH, 1.25 + 0.24 * max(len(labels), 3), LOOKS[dark])
    end = max(one["end"] for one in windows)
    cells = np.zeros((len(labels), len(windows), 4))
    own = colours(labels)
    for row, label in enumerate(labels):
        cells[row, :, :3] = shade(own[label], dark=dark)
        cells[row, :, 3] = [one["probabilities"].get(label, 0.0) for one in windows]
    centres = np.array([(one["start"] + one["end"]) / 2 for one in windows])
    edges = np.concatenate([[0.0], (centres[1:] + centres[:-1]) / 2, [end]])
    for column, one in enumerate(windows):
        if one["emotion"] == NO_SPEECH:
            axes.axvspan(edges[column], edges[column + 1], color=LOOKS[dark].line, alpha=0.5, linewidth=0)
    if labels:
        axes.pcolormesh(edges, np.arange(len(labels) + 1) - 0.5, cells)
        middles = (edges[1:] + edges[:-1]) / 2
        shares = ((x, one["probabilities"]) for x, one in zip(middles, windows, strict=True) if one["probabilities"])
        spoken = [(x, max(share, key=share.__getitem__)) for x, share in shares]  # also where the emotion is unsure
        size = 1.6 if len(windows) > 80 else 3.5
        rows = [labels.index(emotion) for _, emotion in spoken]
        axes.plot([x for x, _ in spoken], rows, "o", color=LOOKS[dark].text, markersize=size)
    axes.set(xlim=(0, end), ylim=(max(len(labels), 1) - 0.5, -0.5))
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("time in s")
    return figure


def shade(colour: str, *, dark: bool) -> tuple[float, float, float]:
    """Colour of the project's pictures on the page: red, green, blue; dark colours are lighter on a dark page.

    Examples
    --------
    >>> [round(value, 2) for value in shade("#0a4c8a", dark=False)], [round(v, 2) for v in shade("#0a4c8a", dark=True)]
    ([0.04, 0.3, 0.54], [0.38, 0.54, 0.7])
    """
    rgb = np.array(to_rgb(colour))
    lightness = float(rgb @ [0.2126, 0.7152, 0.0722])
    red, green, blue = rgb + (1 - rgb) * 0.35 if dark and lightness < 0.35 else rgb
    return float(red), float(green), float(blue)
