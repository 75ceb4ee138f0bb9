"""A report as an HTML page that loads no other file, and as Markdown."""

from pathlib import Path

import jinja2
import numpy as np
from markdown_it import MarkdownIt
from markupsafe import Markup

from ser.core.wording import percent
from ser.figures.style import letters_on
from ser.reporting.blocks import Matrix, Report, escaped

TEMPLATES = Path(__file__).parent / "templates"
LIGHT = np.array([255, 255, 255]), np.array([16, 58, 99])  # red, green, blue of a cell with the shares 0 and 1
DARK = np.array([27, 35, 43]), np.array([143, 191, 234])

_markdown = MarkdownIt("commonmark", {"html": False})


def html(report: Report) -> str:
    """HTML page that contains all pictures and recordings; it opens without a network.

    Examples
    --------
    >>> from ser.reporting.blocks import Headline
    >>> headline = Headline("UAR", uar=0.5, low=None, high=None, chance=0.25, explanation="", facts=[])
    >>> html(Report("A study", "mlp on librosa", headline)).splitlines()[0]
    '<!doctype html>'
    """
    environment = _environment(autoescape=True)
    environment.filters |= {"markdown": _as_html, "ink": ink, "percent": percent}
    style = Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))
    return environment.get_template("report.html.jinja").render(report=report, style=style)


def markdown(report: Report) -> str:
    """Same text and tables as Markdown; only the page has the pictures and recordings.

    Examples
    --------
    >>> from ser.reporting.blocks import Headline
    >>> headline = Headline("UAR", uar=0.5, low=None, high=None, chance=0.25, explanation="", facts=[])
    >>> markdown(Report("A study", "mlp on librosa", headline)).splitlines()[0]
    '# A study'
    """
    environment = _environment(autoescape=False)
    environment.filters |= {"plain": escaped, "percent": percent}
    return environment.get_template("report.md.jinja").render(report=report)


def ink(matrix: Matrix, row: int, column: int) -> str:
    """Colours of a cell of a confusion matrix as CSS variables, for light and dark pages: a large share stands out.

    Examples
    --------
    >>> matrix = Matrix("Confusion", ["calm", "sad"], [[4, 0], [1, 1]])
    >>> ink(matrix, 0, 1)
    '--shade:#ffffff;--on:#000;--shade-dark:#1b232b;--on-dark:#fff'
    """
    colours = []
    for suffix, (none, all_of_them) in (("", LIGHT), ("-dark", DARK)):
        shade = np.round(none + matrix.share(row, column) * (all_of_them - none)).astype(int)
        colours += [f"--shade{suffix}:#{bytes(shade.tolist()).hex()}", f"--on{suffix}:{letters_on(shade / 255)}"]
    return ";".join(colours)


def _environment(*, autoescape: bool) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _as_html(text: str) -> Markup:
    return Markup(_markdown.render(text))
