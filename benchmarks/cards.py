"""Sections of a model card that a benchmark writes, each between two lines of the card."""

import argparse
import os
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ser.core import files


def check(card: Path | None, name: str) -> None:
    """Check that a card has a place for the section `name`, before a benchmark takes its time.

    Raises
    ------
    ValueError
        If the card has not each of the lines `<!-- name -->` and `<!-- end of name -->` once, in this order.
    """
    if card is not None:
        _parts(card, name)


def write(card: Path, name: str, section: str) -> None:
    """Write a section between the lines `<!-- name -->` and `<!-- end of name -->` of a card.

    Raises
    ------
    ValueError
        If the card has no place for it.
    """
    before, after = _parts(card, name)
    files.write_text(card, f"{before}\n{section.strip()}\n\n{after}")


def publish(given: argparse.Namespace, name: str, text: str, *, table: pd.DataFrame, figure: Figure, alt: str) -> None:
    """Print a section, and write its files into `given.to` and, with the picture, into the card `given.card`."""
    print(text)
    files.write_text(given.to / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
    files.write_text(given.to / f"{name}.md", f"{text}\n")
    files.write_figure(shown := given.to / f"{name}.png", figure)
    if given.card is not None:
        write(given.card, name, f"{text}\n\n{picture(shown, given.card, alt)}")


def _parts(card: Path, name: str) -> tuple[str, str]:
    """Text up to the first line, and from the second line on."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    text = card.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    if text.count(begin) != 1 or rest.count(end) != 1:
        raise ValueError(f"{card} has no place for the section; write these two lines into it: {begin.strip()} {end}")
    return before + begin, rest[rest.index(end) :]


def picture(path: Path, card: Path, text: str) -> str:
    """Markdown of a picture, as the card names its file."""
    return f"![{text}]({Path(os.path.relpath(path, card.parent)).as_posix()})"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """Table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))
