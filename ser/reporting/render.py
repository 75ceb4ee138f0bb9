"""A report -> the text of the page, which loads nothing, and Markdown."""

from pathlib import Path

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from ser.reporting.blocks import Matrix, Report, escaped, percent

TEMPLATES = Path(__file__).parent / "templates"
PAPER, INK = (255, 255, 255), (16, 58, 99)  # of a cell with the shares 0 and 1
DARK = 0.68  # share from which on white letters are easier to read than black ones: their contrast is equal there

_markdown = MarkdownIt("commonmark", {"html": False})


def html(report: Report) -> str:
    """A page with all its pictures and recordings inside; it opens without a network."""
    environment = _environment(autoescape=True)
    environment.filters |= {"markdown": _as_html, "ink": ink, "percent": percent}
    style = Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))
    return environment.get_template("report.html.jinja").render(report=report, style=style)


def markdown(report: Report) -> str:
    """The same text and tables as Markdown; pictures and recordings are in the page alone."""
    environment = _environment(autoescape=False)
    environment.filters |= {"plain": escaped, "percent": percent}
    return environment.get_template("report.md.jinja").render(report=report)


def ink(matrix: Matrix, row: int, column: int) -> str:
    """Colours of a cell of a confusion matrix: the larger the share, the darker."""
    share = matrix.share(row, column)
    background = "".join(f"{round(light + share * (dark - light)):02x}" for light, dark in zip(PAPER, INK, strict=True))
    return f"background:#{background};color:{'#fff' if share > DARK else '#000'}"


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
