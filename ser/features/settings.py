"""Check of the settings of a representation: types by its function, ranges by the names of settings.

The settings come from conf/ or from a bundle, which may be that of a stranger.
"""

from collections.abc import Mapping
from typing import Any

from ser.core import file_checks
from ser.core.section_checks import SettingsFunction, problems

WIDEST = 1e9  # limit of a number whose name has no range below
RANGES: Mapping[str, tuple[float, float]] = {
    "sample_rate": (1_000, 192_000),  # Hz
    "n_fft": (16, 2**16),  # samples
    "hop_length": (1, 2**16),  # samples
    "duration": (0.1, 60),  # seconds, to which a waveform is padded
    "max_duration": (0.01, 3600),  # seconds, to which a waveform is cut
    "n_frames": (1, 10_000),
    "frames_a_state": (1, 50),
    "n_mels": (1, 512),
    "n_mfcc": (1, 128),
    "fmax": (1, 96_000),  # Hz
    "split_frequency": (1, 96_000),  # Hz
    "order": (1, 4),
    "depth": (0, 200),  # dB below the loudest frame
    "level": (-100, 0),  # dB relative to full scale
}
LONGEST = 10.0  # seconds of an utterance without a setting `duration`
MOST_VALUES = 2**26  # of all frames of an utterance together: half a gigabyte


def check(function: SettingsFunction, settings: Mapping[str, Any], *, path: str) -> None:
    """Check the settings that a function takes as keywords, or a dataclass as its fields.

    Parameters
    ----------
    path
        Where the settings stand, for the message.

    Raises
    ------
    ser.core.file_checks.Invalid
        If a setting is missing or unknown, has another type, or is out of its range.

    Examples
    --------
    >>> def level(waveform, rate, *, n_fft: int, fmax: float | None = None): ...
    >>> check(level, {"n_fft": 512}, path="settings")
    >>> check(level, {"n_fft": -1}, path="settings")
    Traceback (most recent call last):
        ...
    ser.core.file_checks.Invalid: settings.n_fft is -1; wanted a number from 16 to 65536
    """
    problem = next(iter(problems(path, settings, function)), "")
    if problem:
        raise file_checks.Invalid(f"{problem:.300}")
    for name, value in settings.items():
        wanted = file_checks.plain_problem(value) or _range_problem(name, value)
        if wanted:
            raise file_checks.Invalid(f"{path}.{name} is {file_checks.shown(value)}; wanted {wanted}")
    _check_together(settings, path)


def _range_problem(name: str, value: Any) -> str | None:
    lowest, highest = RANGES.get(name, (-WIDEST, WIDEST))
    numbers = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, int | float)]
    inside = all(lowest <= one <= highest for one in numbers)
    return None if inside else f"a number from {lowest:.10g} to {highest:.10g}"


def _check_together(settings: Mapping[str, Any], path: str) -> None:
    """Check settings that limit each other."""
    rate, fmax = settings.get("sample_rate"), settings.get("fmax")
    if rate and fmax and fmax > rate / 2:
        raise file_checks.Invalid(f"{path}.fmax is {fmax}; wanted at most half of sample_rate, {rate / 2}")
    if rate and "n_fft" in settings and "hop_length" in settings:
        n_samples = rate * settings.get("duration", LONGEST)
        n_values = n_samples / settings["hop_length"] * settings["n_fft"]
        if n_values > MOST_VALUES:
            raise file_checks.Invalid(
                f"{path}.hop_length is {settings['hop_length']}, so that the frames of an utterance have"
                f" {n_values:.3g} values; wanted at most {MOST_VALUES}"
            )
