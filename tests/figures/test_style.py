"""Colours that can be distinguished, and files that are equal for equal figures."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import font_manager
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


def lab(colour: str) -> np.ndarray:
    """Coordinates of CIE L*a*b* (D65), where a distance of 2.3 is just noticeable."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ linear / [0.95047, 1, 1.08883]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_colours_of_emotions_are_far_apart() -> None:
    every = [lab(colour) for colour in (*style.COLOURS.values(), *style.NEW)]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(every, 2)) > 25


def test_colours_do_not_depend_on_the_order_of_the_emotions_nor_on_how_many_of_the_ten_there_are() -> None:
    new = [f"new_{letter}" for letter in "abcdefghijkl"]
    found = style.colours([*new, "sad"])
    assert found == style.colours(["sad", *new[::-1]])
    assert style.colours([*new, *EMOTIONS]) == style.COLOURS | {name: found[name] for name in new}
    assert len(set(found.values())) == len(found) == 13
    assert set(style.colours([*new, "new_z"])) == {*new, "new_z"}  # colours repeat


def test_a_letter_that_the_font_lacks_is_drawn_with_another_installed_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """STIX, which comes with matplotlib, stands for a font of Asia; a missing letter would be a warning."""
    monkeypatch.setattr(style, "SCRIPTS", ("No such font", "STIXGeneral"))
    monkeypatch.setitem(mpl.rcParams, "font.family", style.fonts(font_manager.get_font_names()))
    assert mpl.rcParams["font.family"] == ["DejaVu Sans", "STIXGeneral"]
    assert style.png(style.titled(1, 1, "\u29d8"))  # wiggly fence
    monkeypatch.setitem(mpl.rcParams, "font.family", [style.FONT])
    with pytest.warns(UserWarning, match="Glyph"):
        style.png(style.titled(1, 1, "\u29d8"))


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
