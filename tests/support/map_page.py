"""Files and commands in docs/map.md, which its readers write and run."""

import re

from tests.support.paths import ROOT

PAGE = ROOT / "docs/map.md"
FILE = re.compile(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^ *dvc exp run (.*)$", re.MULTILINE)


def section(title: str) -> str:
    """Text below a heading, up to the next one of its level."""
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", text(), re.MULTILINE | re.DOTALL)
    return str(found)


def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def files(within: str) -> dict[str, str]:
    """Path of each file that a text adds -> its content."""
    return dict(FILE.findall(within))


def choices(within: str) -> list[list[str]]:
    """Overrides of each command of a text."""
    return [re.findall(r"-S (\S+)", command) for command in COMMAND.findall(within)]
