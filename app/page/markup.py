"""HTML without scripts for the parts of the page that Streamlit cannot draw: headline and bars."""

from collections.abc import Mapping
from html import escape

from matplotlib.colors import to_hex

from app.page import words
from app.page.pictures import shade
from ser.core.wording import percent
from ser.figures.style import colours

# `currentColor` and its mixes are legible on light and on dark pages.
STYLE = """
<style>
.stMainBlockContainer {max-width: 1120px; padding: 3.2rem 1.5rem 4rem}
.ser-kicker {margin: 0; font-size: .875rem; opacity: .75}
.ser-emotion {margin: 0; padding: 0; font-size: 2.75rem; line-height: 1.15; font-weight: 650; letter-spacing: -.01em;
  overflow-wrap: anywhere}
.ser-confidence {margin: .2rem 0 1rem; font-size: 1.05rem}
.ser-bars {width: 100%; border-collapse: collapse; font-size: .95rem}
.ser-bars caption {text-align: left; font-size: .875rem; opacity: .75; padding-bottom: .35rem}
.ser-bars th, .ser-bars td {padding: .22rem 0; border: 0; text-align: left; font-weight: 400}
.ser-bars th {width: 1%; padding-right: .8rem; white-space: nowrap}
.ser-bars td.number {width: 3.9rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
.ser-track {display: block; height: .8rem; border-radius: .2rem;
  background: color-mix(in srgb, currentColor 10%, transparent)}
.ser-fill {display: block; height: 100%; min-width: 2px; border-radius: .2rem}
.ser-bars tr.first th, .ser-bars tr.first td {font-weight: 650}
.stMarkdown table {display: block; max-width: 100%; overflow-x: auto}
[data-testid="stCaptionContainer"] {opacity: .8}
.stMarkdown {overflow-wrap: anywhere}
.stMarkdown h2 {font-size: 1.5rem; padding: .8rem 0 .4rem}
.stMarkdown h3 {font-size: 1.15rem; padding: .6rem 0 .2rem}
@media (max-width: 640px) {
  .stMainBlockContainer {padding: 2.6rem 1rem 3rem}
  h1 {font-size: 1.75rem !important}
  .ser-emotion {font-size: 2.25rem}
}
</style>
"""


def headline(kicker: str, emotion: str, below: str) -> str:
    """The answer in large letters, between two small lines.

    Examples
    --------
    >>> headline("a.wav", "sad", "70 %")
    '<p class="ser-kicker">a.wav</p><h2 class="ser-emotion">sad</h2><p class="ser-confidence">70 %</p>'
    """
    return (
        f'<p class="ser-kicker">{escape(kicker)}</p><h2 class="ser-emotion">{escape(emotion)}</h2>'
        f'<p class="ser-confidence">{escape(below)}</p>'
    )


def bars(probabilities: Mapping[str, float], *, dark: bool = False) -> str:
    """Table with a bar for the probability of each emotion, the highest first, in the colours of the timeline.

    Examples
    --------
    >>> table = bars({"calm": 0.3, "sad": 0.7})
    >>> table.index("sad") < table.index("calm")
    True
    """
    ordered = sorted(probabilities.items(), key=lambda one: -one[1])
    own = colours(probabilities)
    shades = {label: to_hex(shade(colour, dark=dark)) for label, colour in own.items()}
    rows = "".join(_row(label, value, shades[label], first=k == 0) for k, (label, value) in enumerate(ordered))
    return f'<table class="ser-bars"><caption>Probability of each emotion</caption><tbody>{rows}</tbody></table>'


def _row(label: str, probability: float, colour: str, *, first: bool) -> str:
    fill = f'<span class="ser-fill" style="width:{percent(probability)}%;background:{colour}"></span>'
    return (
        f'<tr class="{"first" if first else ""}"><th scope="row">{escape(label)}</th>'
        f'<td><span class="ser-track" aria-hidden="true">{fill}</span></td>'
        f'<td class="number">{escape(words.share(probability))}</td></tr>'
    )
