"""Colours that can be distinguished, and files that are equal for equal figures."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from ser.core.tables import EMOTIONS
from ser.figures import style


def luminance(colour: object) -> float:
    """Relative luminance (WCAG 2.1)."""
    rgb = np.array(to_rgb(colour))  # type: ignore[arg-type]
    return float(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def contrast(one: object, other: object) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_every_emotion_has_a_colour_of_its_own() -> None:
    assert set(style.COLOURS) == set(EMOTIONS)
    assert len(set(style.COLOURS.values())) == len(EMOTIONS)


def test_dark_middle_and_light_differ_in_lightness() -> None:
    """So that they differ in print, and for people who see no colours."""
    assert contrast(style.DARK, style.MIDDLE) > 2
    assert contrast(style.MIDDLE, style.LIGHT) > 2
    assert contrast(style.DARK, "#fff") > 7


@pytest.mark.parametrize("grey", np.linspace(0, 1, 21).round(2))
def test_letters_have_the_higher_contrast(grey: float) -> None:
    background = (grey, grey, grey)
    contrasts = {letters: contrast(letters, background) for letters in ("#000", "#fff")}
    assert contrasts[style.letters_on(background)] == max(contrasts.values())


def test_a_figure_without_title_and_note_has_no_heading() -> None:
    assert style.titled(4, 3, "").get_suptitle() == ""
    assert style.titled(4, 3, "title", "note").get_suptitle() == "title\nnote"
