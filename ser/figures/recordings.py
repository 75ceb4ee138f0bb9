"""Waveform and spectra of a recording.

The functions `draw_…` draw on given axes, each picture alone for the web page; `overview` draws all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ser.audio import waveforms
from ser.audio.waveforms import Waveform
from ser.features.spectral.analysis import Analysis
from ser.features.spectral.scales import RANGE, decibels, mels
from ser.figures.style import DPI, PAPER, REPORT, Look

FRAME = 0.05  # seconds, about: long enough to separate the harmonics of a voice
N_FRAMES = 700  # most frames in a spectrogram, about as many as it has pixels
SHORT_FRAME, FEW_FRAMES = 0.032, 300  # seconds and number of frames in small spectrograms
HIGHEST_RATE = 48_000  # Hz; recordings at higher rates are drawn up to 24 kHz
N_MELS = 64
N_COLUMNS = 1000  # columns in the picture of a waveform
BRIGHTEST = 99.5  # per cent of the values that are below the last shade of the linear scale

Matrix = npt.NDArray[np.float32]


def spectra(waveform: Waveform, recorded_rate: int, *, frame: float = FRAME, n_frames: int = N_FRAMES) -> Analysis:
    """Short-time Fourier transform that the pictures of the spectrum are drawn from.

    Waveforms with samples beyond 1 are scaled down to 1.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`.
    recorded_rate
        Hz.
    frame
        Seconds, about: the length becomes a power of two in samples.
    n_frames
        Frames at most.

    Examples
    --------
    >>> analysis = spectra(np.zeros(16000, np.float32), 16000)
    >>> analysis.n_fft, analysis.hop_length  # samples
    (1024, 128)
    """
    rate = min(recorded_rate, HIGHEST_RATE)
    samples = waveforms.resampled(waveform, sample_rate=recorded_rate, target=rate)
    peak = np.abs(samples).max(initial=0)
    n_fft = 2 ** round(np.log2(frame * rate))
    hop_length = max(n_fft // 8, -(-samples.size // n_frames))
    scaled = samples / peak if peak > 1 else samples
    return Analysis(scaled.astype(np.float32), sample_rate=rate, n_fft=n_fft, hop_length=hop_length)


def draw_waveform(axes: Axes, samples: Waveform, sample_rate: int, look: Look = PAPER) -> None:
    """Draw the highest and the lowest sample of each instant.

    Examples
    --------
    >>> axes = Figure().subplots()
    >>> draw_waveform(axes, np.array([0, 0.5, -0.5, 0], np.float32), sample_rate=4)
    >>> [float(limit) for limit in axes.get_xlim()]  # seconds
    [0.0, 1.0]
    """
    step = max(1, -(-samples.size // N_COLUMNS))
    padded = np.pad(samples, (0, -samples.size % step), mode="edge").reshape(-1, step)
    time = np.arange(len(padded)) * step / sample_rate
    axes.fill_between(time, padded.min(axis=1), padded.max(axis=1), color=look.curve, linewidth=0.6)
    largest = max(float(np.abs(samples).max(initial=0)) * 1.05, 0.01)
    axes.set(xlim=(0, samples.size / sample_rate), ylim=(-largest, largest))
    axes.set_xlabel("time in s")
    axes.set_ylabel("amplitude (full scale 1)")


def draw_magnitude_spectrum(axes: Axes, analysis: Analysis, look: Look = PAPER) -> None:
    """Draw the mean magnitude of each frequency, in decibels below the highest.

    Examples
    --------
    >>> axes = Figure().subplots()
    >>> draw_magnitude_spectrum(axes, spectra(np.ones(1600, np.float32), 16000))
    >>> [float(limit) for limit in axes.get_xlim()]  # Hz
    [0.0, 8000.0]
    """
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
    """Draw the magnitude of each frequency over time on a linear scale.

    Examples
    --------
    >>> axes = Figure().subplots()
    >>> draw_spectrogram(axes, spectra(np.ones(1600, np.float32), 16000))
    >>> [float(limit) for limit in axes.get_ylim()]  # Hz
    [0.0, 8000.0]
    """
    magnitude = analysis.magnitude / (analysis.n_fft / 4)  # of a sine of full scale under a Hann window: 1
    highest = max(float(np.percentile(magnitude, BRIGHTEST)), 1e-3)
    _draw_image(axes, magnitude, analysis, (0, highest), look)
    _add_scale(axes, "amplitude", look)


def draw_log_spectrogram(axes: Axes, analysis: Analysis, look: Look = PAPER, *, scale: bool = True) -> None:
    """Draw the magnitude of each frequency over time, in decibels below the highest; `scale` adds a scale of shades.

    Examples
    --------
    >>> axes = Figure().subplots()
    >>> draw_log_spectrogram(axes, spectra(np.ones(1600, np.float32), 16000), scale=False)
    >>> axes.images[0].get_clim()  # decibels below the highest
    (-80.0, 0.0)
    """
    _draw_image(axes, _level(analysis.power), analysis, (-RANGE, 0), look)
    if scale:
        _add_scale(axes, "level in dB", look)


def draw_mel_spectrogram(axes: Axes, analysis: Analysis, look: Look = PAPER) -> None:
    """Draw the power in 64 mel bands over time, in decibels below the highest.

    Examples
    --------
    >>> axes = Figure().subplots()
    >>> draw_mel_spectrogram(axes, spectra(np.ones(1600, np.float32), 16000))
    >>> axes.images[0].get_array().shape[0]  # mel bands
    64
    """
    _draw_image(axes, _level(analysis.mel(N_MELS)), analysis, (-RANGE, 0), look)
    _add_scale(axes, "level in dB", look)
    highest = analysis.sample_rate / 2
    ticks = [hertz for hertz in (0, 500, 1000, 2000, 4000, 8000, 16_000) if hertz <= highest]
    positions = mels(np.array([*ticks, highest], float))
    axes.set_yticks(positions[:-1] / positions[-1] * highest, [_thousands(hertz) for hertz in ticks])
    axes.set_ylabel("frequency in Hz (mel scale)")


SPECTRA: Mapping[str, Callable[[Axes, Analysis, Look], None]] = {
    "Magnitude spectrum": draw_magnitude_spectrum,
    "Spectrogram": draw_spectrogram,
    "Log-amplitude spectrogram": draw_log_spectrogram,
    "Mel spectrogram": draw_mel_spectrogram,
}


def framed(width: float, height: float, look: Look) -> tuple[Figure, Axes]:
    """Figure with empty axes in the colours of `look`, for one picture of a recording; width and height in inches.

    Examples
    --------
    >>> framed(3, 2, PAPER)[0].get_size_inches().tolist()
    [3.0, 2.0]
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    apply_look(axes, look)
    return figure, axes


def overview(samples: Waveform, sample_rate: int, *, title: str, facts: Mapping[str, str]) -> Figure:
    """Waveform, its four spectra, and a table of facts in one picture.

    Parameters
    ----------
    samples
        Mono, `(n_samples,)`, at least one.
    sample_rate
        Hz.
    facts
        Name -> value.

    Examples
    --------
    >>> figure = overview(np.ones(1600, np.float32), 16_000, title="a.wav", facts={"duration": "0.1 s"})
    >>> [axes.get_title() for axes in figure.axes[:2]]
    ['Waveform', 'Magnitude spectrum']
    >>> [text.get_text() for text in figure.axes[2].texts]
    ['duration', '0.1 s']
    """
    figure = Figure(figsize=(15, 7.6), dpi=DPI)
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.08)
    figure.suptitle(title, fontsize=14, parse_math=False)  # a file name may contain any characters
    panels = figure.subplots(2, 3)
    order = (panels[0, 1], panels[1, 0], panels[1, 1], panels[1, 2])  # the spectrograms are in one row
    drawn = {"Waveform": panels[0, 0], **dict(zip(SPECTRA, order, strict=True))}
    for name, axes in drawn.items():
        apply_look(axes, PAPER)
        axes.set_title(name, fontsize=12)
    draw_waveform(drawn["Waveform"], samples, sample_rate)
    analysis = spectra(samples, sample_rate)
    for name, draw in SPECTRA.items():
        draw(drawn[name], analysis, PAPER)
    _write_facts(panels[0, 2], facts)
    return figure


def spectrogram(waveform: Waveform, sample_rate: int) -> Figure:
    """Small spectrogram for the report: darker is louder.

    Examples
    --------
    >>> spectrogram(np.ones(1600, np.float32), sample_rate=16000).get_size_inches().tolist()
    [3.6, 1.7]
    """
    figure, axes = framed(3.6, 1.7, REPORT)
    analysis = spectra(waveform, sample_rate, frame=SHORT_FRAME, n_frames=FEW_FRAMES)
    draw_log_spectrogram(axes, analysis, REPORT, scale=False)
    return figure


def apply_look(axes: Axes, look: Look) -> None:
    """Give axes the colours and the letters of `look`; call this before anything is drawn on them.

    Examples
    --------
    >>> axes = Figure().subplots()
    >>> apply_look(axes, PAPER)
    >>> axes.spines["left"].get_edgecolor() == axes.spines["bottom"].get_edgecolor(), axes.spines["top"].get_visible()
    (True, False)
    """
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[:].set_color(look.line)
    axes.tick_params(color=look.line, labelcolor=look.text, labelsize=look.size - 0.5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set(color=look.text, fontsize=look.size)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))


def _write_facts(axes: Axes, facts: Mapping[str, str]) -> None:
    """Write names on the left and values on the right."""
    axes.set_axis_off()
    for row, (name, value) in enumerate(facts.items()):
        height = 0.97 - 0.088 * row
        axes.text(0.02, height, name, fontsize=11, va="top", color="#404040", transform=axes.transAxes)
        axes.text(0.38, height, value, fontsize=11, va="top", transform=axes.transAxes)


def _draw_image(axes: Axes, values: Matrix, analysis: Analysis, limits: tuple[float, float], look: Look) -> None:
    """Draw values, frequency by time, with shades between `limits`."""
    n_samples = analysis.waveform.size
    extent = (0.0, n_samples / analysis.sample_rate, 0.0, analysis.sample_rate / 2)
    options: dict[str, Any] = {"origin": "lower", "aspect": "auto", "interpolation": "nearest", "cmap": look.shades}
    axes.imshow(values, extent=extent, vmin=limits[0], vmax=limits[1], **options)
    axes.yaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.set_xlabel("time in s")
    axes.set_ylabel("frequency in Hz")


def _add_scale(axes: Axes, label: str, look: Look) -> None:
    """Add the scale of the shades of the image on `axes`."""
    (image,) = axes.images
    bar = axes.get_figure(root=True).colorbar(image, ax=axes, pad=0.02, aspect=18)  # type: ignore[union-attr]
    bar.set_label(label, color=look.text, fontsize=look.size)
    bar.outline.set_edgecolor(look.line)
    bar.ax.tick_params(color=look.line, labelcolor=look.text, labelsize=look.size - 1)
    bar.locator = MaxNLocator(5)


def _level(power: Matrix) -> Matrix:
    """Decibels below the highest value; digital silence has the lowest level."""
    highest = power.max(initial=0)
    return decibels(power / highest) if highest > 0 else np.full_like(power, -RANGE)


def _thousands(value: float, _: Any = None) -> str:
    return f"{value:,.0f}"
