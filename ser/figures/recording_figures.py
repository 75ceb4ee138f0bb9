"""Waveform and spectra of a recording, drawn on axes: one by one on the web page, side by side in one picture here."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ser.audio import waveforms
from ser.audio.waveforms import Waveform
from ser.features.spectral.analysis import Analysis
from ser.features.spectral.scales import RANGE, decibels

DPI = 150
FRAME = 0.05  # seconds, about: long enough to tell harmonics apart
N_FRAMES = 700  # of a spectrogram at most, about as many as it has pixels
HIGHEST_RATE = 48_000  # Hz; what is recorded at more is drawn as at this, up to 24 kHz
N_MELS = 64
N_COLUMNS = 1000  # of a waveform's picture
SHADES = "magma"
BRIGHTEST = 99.5  # per cent of the cells that are below the last shade, where the scale is linear

Matrix = npt.NDArray[np.float32]


class Look(NamedTuple):
    """Colours of a picture that has no background of its own."""

    text: str
    line: str
    """Of axes and ticks."""
    curve: str


PAPER = Look("black", "#b0b0b0", "#1f6fb5")


def spectra(waveform: Waveform, recorded_rate: int) -> Analysis:
    """The transforms behind the four pictures of the spectrum; no sample is louder than 1."""
    rate = min(recorded_rate, HIGHEST_RATE)
    samples = waveforms.resampled(waveform, sample_rate=recorded_rate, target=rate)
    peak = np.abs(samples).max(initial=0)
    n_fft = 2 ** round(np.log2(FRAME * rate))
    hop_length = max(n_fft // 8, -(-samples.size // N_FRAMES))
    scaled = samples / peak if peak > 1 else samples
    return Analysis(scaled.astype(np.float32), sample_rate=rate, n_fft=n_fft, hop_length=hop_length)


def draw_waveform(axes: Axes, samples: Waveform, sample_rate: int, look: Look = PAPER) -> None:
    """Highest and lowest sample of every instant."""
    step = max(1, -(-samples.size // N_COLUMNS))
    padded = np.pad(samples, (0, -samples.size % step), mode="edge").reshape(-1, step)
    time = np.arange(len(padded)) * step / sample_rate
    axes.fill_between(time, padded.min(axis=1), padded.max(axis=1), color=look.curve, linewidth=0.6)
    largest = max(float(np.abs(samples).max(initial=0)) * 1.05, 0.01)
    axes.set(xlim=(0, samples.size / sample_rate), ylim=(-largest, largest))
    axes.set_xlabel("time in s")
    axes.set_ylabel("amplitude (full scale 1)")


def draw_magnitude_spectrum(axes: Axes, analysis: Analysis, look: Look = PAPER) -> None:
    """Mean magnitude of every frequency, in decibel below the highest."""
    mean = analysis.magnitude.mean(axis=1)
    level = _level(mean**2)
    lowest = 10 * np.floor(level.min() / 10)
    axes.fill_between(analysis.frequencies, level, lowest, color=look.curve, alpha=0.25, linewidth=0)
    axes.plot(analysis.frequencies, level, color=look.curve, linewidth=1)
    axes.set(xlim=(0, analysis.sample_rate / 2), ylim=(min(lowest, -20), 3))
    axes.grid(axis="y", color=look.line, linewidth=0.6)
    axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.set_xlabel("frequency in Hz")
    axes.set_ylabel("magnitude in dB")


def draw_spectrogram(axes: Axes, analysis: Analysis, look: Look = PAPER) -> None:
    """Magnitude of every frequency over time, linear."""
    magnitude = analysis.magnitude / (analysis.n_fft / 4)  # of a sine of full scale under a Hann window: 1
    highest = max(float(np.percentile(magnitude, BRIGHTEST)), 1e-3)
    _image(axes, magnitude, analysis, (0, highest), "amplitude", look)


def draw_log_spectrogram(axes: Axes, analysis: Analysis, look: Look = PAPER) -> None:
    """Magnitude of every frequency over time, in decibel below the highest."""
    _image(axes, _level(analysis.power), analysis, (-RANGE, 0), "level in dB", look)


def draw_mel_spectrogram(axes: Axes, analysis: Analysis, look: Look = PAPER) -> None:
    """Power in 64 mel bands over time, in decibel below the highest."""
    level = _level(analysis.mel(N_MELS))
    _image(axes, level, analysis, (-RANGE, 0), "level in dB", look)
    highest = analysis.sample_rate / 2
    ticks = [hertz for hertz in (0, 500, 1000, 2000, 4000, 8000, 16_000) if hertz <= highest]
    scale = _mels(np.array([*ticks, highest]))
    axes.set_yticks(scale[:-1] / scale[-1] * highest, [_thousands(hertz) for hertz in ticks])
    axes.set_ylabel("frequency in Hz (mel scale)")


SPECTRA: Mapping[str, Callable[[Axes, Analysis, Look], None]] = {
    "Magnitude spectrum": draw_magnitude_spectrum,
    "Spectrogram": draw_spectrogram,
    "Log-amplitude spectrogram": draw_log_spectrogram,
    "Mel spectrogram": draw_mel_spectrogram,
}


def side_by_side(samples: Waveform, sample_rate: int, *, title: str, facts: Mapping[str, str]) -> Figure:
    """Waveform, its four spectra, and a table of facts, in one picture.

    Parameters
    ----------
    samples
        Mono, `(n_samples,)`, at least one.
    sample_rate
        Hz.
    facts
        What to know of the recording, by name.
    """
    figure = Figure(figsize=(15, 7.6), dpi=DPI)
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.08)
    figure.suptitle(title, fontsize=14, parse_math=False)  # of a file, with any characters
    panels = figure.subplots(2, 3)
    order = (panels[0, 1], panels[1, 0], panels[1, 1], panels[1, 2])  # spectrograms below, on one axis of frequency
    drawn = {"Waveform": panels[0, 0], **dict(zip(SPECTRA, order, strict=True))}
    for name, axes in drawn.items():
        styled(axes, PAPER)
        axes.set_title(name, fontsize=12)
    draw_waveform(drawn["Waveform"], samples, sample_rate)
    analysis = spectra(samples, sample_rate)
    for name, draw in SPECTRA.items():
        draw(drawn[name], analysis, PAPER)
    _write(panels[0, 2], facts)
    return figure


def _write(axes: Axes, facts: Mapping[str, str]) -> None:
    """Names on the left, values on the right."""
    axes.set_axis_off()
    for row, (name, value) in enumerate(facts.items()):
        height = 0.97 - 0.088 * row
        axes.text(0.02, height, name, fontsize=11, va="top", color="#404040", transform=axes.transAxes)
        axes.text(0.38, height, value, fontsize=11, va="top", transform=axes.transAxes)


def styled(axes: Axes, look: Look) -> None:
    """Give axes the colours of the picture, before anything is drawn on them."""
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[:].set_color(look.line)
    axes.tick_params(color=look.line, labelcolor=look.text, labelsize=10.5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set(color=look.text, fontsize=11)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))


def _image(axes: Axes, values: Matrix, analysis: Analysis, limits: tuple[float, float], label: str, look: Look) -> None:
    """Draw rows of frequency and columns of time, and the scale of their shades."""
    n_samples = analysis.waveform.size
    extent = (0.0, n_samples / analysis.sample_rate, 0.0, analysis.sample_rate / 2)
    options: dict[str, Any] = {"origin": "lower", "aspect": "auto", "interpolation": "nearest", "cmap": SHADES}
    image = axes.imshow(values, extent=extent, vmin=limits[0], vmax=limits[1], **options)
    axes.yaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.set_xlabel("time in s")
    axes.set_ylabel("frequency in Hz")
    bar = axes.get_figure(root=True).colorbar(image, ax=axes, pad=0.02, aspect=18)  # type: ignore[union-attr]
    bar.set_label(label, color=look.text, fontsize=11)
    bar.outline.set_edgecolor(look.line)
    bar.ax.tick_params(color=look.line, labelcolor=look.text, labelsize=10)
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
