"""Pictures of a recording, for a light or a dark page; each function returns a matplotlib figure, none touches a file.

All are about as wide as a phone, so that their letters stay legible there and in a column of a wide page.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ser import audio
from ser.audio import Waveform
from ser.features.analysis import Analysis
from ser.features.scales import RANGE, decibels
from ser.figures import COLOURS
from ser.recognition import NO_SPEECH, TimedPrediction

DPI = 170
WIDTH, HEIGHT = 5.2, 2.7  # inches
FRAME = 0.05  # seconds, about: long enough to tell harmonics apart
N_FRAMES = 700  # of a spectrogram at most, about as many as it has pixels
HIGHEST_RATE = 48_000  # Hz; what is recorded at more is drawn as at this, up to 24 kHz
N_MELS = 64
N_COLUMNS = 1000  # of a waveform's picture
SHADES = "magma"
BRIGHTEST = 99.5  # per cent of the cells that are below the last shade, where the scale is linear
INKS = {False: ("#1b2733", "#c9d3dd"), True: ("#e6ebf0", "#3a4653")}  # dark page or not -> text, lines
LINES = {False: "#1f6fb5", True: "#6baed6"}
OTHER = "#7f7f7f"  # an emotion that has no colour of its own

Matrix = npt.NDArray[np.float32]


def png(figure: Figure) -> bytes:
    """A picture file; its background is the page's."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, transparent=True)
    return file.getvalue()


def spectra(waveform: Waveform, recorded_rate: int) -> Analysis:
    """The transforms behind the four pictures of the spectrum; no sample is louder than 1."""
    rate = min(recorded_rate, HIGHEST_RATE)
    samples = audio.resampled(waveform, sample_rate=recorded_rate, target=rate)
    peak = np.abs(samples).max(initial=0)
    n_fft = 2 ** round(np.log2(FRAME * rate))
    hop_length = max(n_fft // 8, -(-samples.size // N_FRAMES))
    scaled = samples / peak if peak > 1 else samples
    return Analysis(scaled.astype(np.float32), sample_rate=rate, n_fft=n_fft, hop_length=hop_length)


def waveform(samples: Waveform, sample_rate: int, *, dark: bool = False) -> Figure:
    """Highest and lowest sample of every instant."""
    figure, axes = _figure(dark, height=3.3)
    step = max(1, -(-samples.size // N_COLUMNS))
    padded = np.pad(samples, (0, -samples.size % step), mode="edge").reshape(-1, step)
    time = np.arange(len(padded)) * step / sample_rate
    axes.fill_between(time, padded.min(axis=1), padded.max(axis=1), color=LINES[dark], linewidth=0.6)
    largest = max(float(np.abs(samples).max(initial=0)) * 1.05, 0.01)
    axes.set(xlim=(0, samples.size / sample_rate), ylim=(-largest, largest))
    axes.set_xlabel("time in s")
    axes.set_ylabel("amplitude (full scale 1)")
    return figure


def magnitude_spectrum(analysis: Analysis, *, dark: bool = False) -> Figure:
    """Mean magnitude of every frequency, in decibel below the highest."""
    figure, axes = _figure(dark)
    mean = analysis.magnitude.mean(axis=1)
    level = _level(mean**2)
    lowest = 10 * np.floor(level.min() / 10)
    axes.fill_between(analysis.frequencies, level, lowest, color=LINES[dark], alpha=0.25, linewidth=0)
    axes.plot(analysis.frequencies, level, color=LINES[dark], linewidth=1)
    axes.set(xlim=(0, analysis.sample_rate / 2), ylim=(min(lowest, -20), 3))
    axes.grid(axis="y", color=INKS[dark][1], linewidth=0.6)
    axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.set_xlabel("frequency in Hz")
    axes.set_ylabel("magnitude in dB")
    return figure


def spectrogram(analysis: Analysis, *, dark: bool = False) -> Figure:
    """Magnitude of every frequency over time, linear."""
    magnitude = analysis.magnitude / (analysis.n_fft / 4)  # of a sine of full scale under a Hann window: 1
    highest = max(float(np.percentile(magnitude, BRIGHTEST)), 1e-3)
    figure, axes = _figure(dark)
    _image(figure, axes, magnitude, analysis, (0, highest), "amplitude", dark)
    return figure


def log_spectrogram(analysis: Analysis, *, dark: bool = False) -> Figure:
    """Magnitude of every frequency over time, in decibel below the highest."""
    figure, axes = _figure(dark)
    _image(figure, axes, _level(analysis.power), analysis, (-RANGE, 0), "level in dB", dark)
    return figure


def mel_spectrogram(analysis: Analysis, *, dark: bool = False) -> Figure:
    """Power in 64 mel bands over time, in decibel below the highest."""
    level = _level(analysis.mel(N_MELS))
    figure, axes = _figure(dark)
    _image(figure, axes, level, analysis, (-RANGE, 0), "level in dB", dark)
    highest = analysis.sample_rate / 2
    ticks = [hertz for hertz in (0, 500, 1000, 2000, 4000, 8000, 16_000) if hertz <= highest]
    scale = _mels(np.array([*ticks, highest]))
    axes.set_yticks(scale[:-1] / scale[-1] * highest, [_thousands(hertz) for hertz in ticks])
    axes.set_ylabel("frequency in Hz (mel scale)")
    return figure


def timeline(windows: Sequence[TimedPrediction], *, dark: bool = False) -> Figure:
    """A row for each emotion, a column for each window; the stronger the more probable, a dot on the most probable."""
    labels = list(next((one["probabilities"] for one in windows if one["probabilities"]), {}))
    figure, axes = _figure(dark, height=1.25 + 0.24 * max(len(labels), 3))
    end = max(one["end"] for one in windows)
    cells = np.zeros((len(labels), len(windows), 4))
    for row, label in enumerate(labels):
        cells[row, :, :3] = shade(label, dark=dark)
        cells[row, :, 3] = [one["probabilities"].get(label, 0.0) for one in windows]
    centres = np.array([(one["start"] + one["end"]) / 2 for one in windows])
    edges = np.concatenate([[0.0], (centres[1:] + centres[:-1]) / 2, [end]])
    for column, one in enumerate(windows):
        if one["emotion"] == NO_SPEECH:
            axes.axvspan(edges[column], edges[column + 1], color=INKS[dark][1], alpha=0.5, linewidth=0)
    if labels:
        axes.pcolormesh(edges, np.arange(len(labels) + 1) - 0.5, cells)
        middles = (edges[1:] + edges[:-1]) / 2
        spoken = [(x, one["emotion"]) for x, one in zip(middles, windows, strict=True) if one["probabilities"]]
        size = 1.6 if len(windows) > 80 else 3.5
        rows = [labels.index(emotion) for _, emotion in spoken]
        axes.plot([x for x, _ in spoken], rows, "o", color=INKS[dark][0], markersize=size)
    axes.set(xlim=(0, end), ylim=(max(len(labels), 1) - 0.5, -0.5))
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("time in s")
    return figure


def shade(emotion: str, *, dark: bool) -> tuple[float, float, float]:
    """Colour of an emotion in the project's pictures, lighter where it would be lost on a dark page."""
    rgb = np.array(to_rgb(COLOURS.get(emotion, OTHER)))
    lightness = float(rgb @ [0.2126, 0.7152, 0.0722])
    red, green, blue = rgb + (1 - rgb) * 0.35 if dark and lightness < 0.35 else rgb
    return float(red), float(green), float(blue)


def _figure(dark: bool, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """Empty axes in the page's colours."""
    text, line = INKS[dark]
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots()
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[:].set_color(line)
    axes.tick_params(color=line, labelcolor=text, labelsize=10.5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set(color=text, fontsize=11)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    return figure, axes


def _image(
    figure: Figure, axes: Axes, values: Matrix, analysis: Analysis, limits: tuple[float, float], label: str, dark: bool
) -> None:
    """Draw rows of frequency and columns of time, and the scale of their shades."""
    text, line = INKS[dark]
    n_samples = analysis.waveform.size
    extent = (0.0, n_samples / analysis.sample_rate, 0.0, analysis.sample_rate / 2)
    options: dict[str, Any] = {"origin": "lower", "aspect": "auto", "interpolation": "nearest", "cmap": SHADES}
    image = axes.imshow(values, extent=extent, vmin=limits[0], vmax=limits[1], **options)
    axes.yaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.set_xlabel("time in s")
    axes.set_ylabel("frequency in Hz")
    bar = figure.colorbar(image, ax=axes, pad=0.02, aspect=18)
    bar.set_label(label, color=text, fontsize=11)
    bar.outline.set_edgecolor(line)
    bar.ax.tick_params(color=line, labelcolor=text, labelsize=10)
    bar.locator = MaxNLocator(5)


def _level(power: Matrix) -> Matrix:
    """Decibel below the highest value; the lowest level where there is no sound at all."""
    highest = power.max(initial=0)
    return decibels(power / highest) if highest > 0 else np.full_like(power, -RANGE)


def _mels(frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Slaney's mel scale, as of the bands."""
    linear = frequencies * 3 / 200
    return np.where(frequencies < 1000, linear, 15 + 27 * np.log(np.maximum(frequencies, 1) / 1000) / np.log(6.4))


def _thousands(value: float, _: Any = None) -> str:
    return f"{value:,.0f}"
