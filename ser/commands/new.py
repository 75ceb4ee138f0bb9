"""`ser new`: the files of a new corpus, network, representation or descriptor: those of docs/map.md, under its name."""

import argparse
import keyword
import re
from collections.abc import Mapping
from pathlib import Path

PAGE = Path("docs/map.md")
NAME = re.compile(r"[a-z][a-z0-9_]*")
FILE = re.compile(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^dvc exp run .*$", re.MULTILINE)
KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {  # heading of the page, names of its example
    "corpus": ("Add a corpus", ("voice_memos",)),
    "network": ("Add a network", ("band_means",)),
    "features": ("Add a representation", ("levels",)),
    "descriptor": ("Add a feature set", ("spectral_flatness", "timbre_28")),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the kind and the name.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> parser.parse_args(["network", "my_network"])
    Namespace(kind='network', name='my_network')
    """
    parser.add_argument(
        "kind", choices=list(KINDS), help="features: a representation; descriptor: a part of a feature set"
    )
    parser.add_argument("name", metavar="NAME", help="small letters, digits and _; the name of the file of code")


def run(given: argparse.Namespace) -> str:
    """Write the files, and return their paths and the commands that use them.

    Raises
    ------
    ValueError
        If the name is not valid or is taken, or this is not a clone of the project.

    Examples
    --------
    >>> run(argparse.Namespace(kind="corpus", name="my-corpus"))
    Traceback (most recent call last):
    ValueError: NAME is 'my-corpus'; wanted small letters, digits and _, as voice_memos
    """
    if not NAME.fullmatch(given.name) or keyword.iskeyword(given.name):
        raise ValueError(f"NAME is {given.name!r}; wanted small letters, digits and _, as voice_memos")
    if not PAGE.is_file():
        raise ValueError(f"no {PAGE} here, which has the files; run this in a clone of the project")
    title, _ = KINDS[given.kind]
    text = renamed(_section(PAGE.read_text(encoding="utf-8"), title), given.kind, given.name)
    made = {Path(path): content for path, content in FILE.findall(text)}
    for path in made:
        if taken := sorted(path.parent.rglob(path.name)):
            raise ValueError(f"{taken[0]} exists; choose another name")
    from ser.core import files

    for path, content in made.items():
        files.write_text(path, content)
    commands = [f"  {command}" for command in COMMAND.findall(text)]
    written = [f"  {path}" for path in made]
    return "\n".join(["written, to be edited:", *written, f"{PAGE}, {title!r}, explains them. Then run:", *commands])


def renamed(text: str, kind: str, name: str) -> str:
    """Text with the names of its example replaced.

    Examples
    --------
    >>> print(renamed("`conf/model/band_means.yaml` is for the means of bands: Band_Means", "network", "my_net"))
    `conf/model/my_net.yaml` is for the means of bands: My_Net
    """
    for old in KINDS[kind][1]:
        for before, after in ((old, name), (old.title(), name.title())):
            text = re.sub(rf"(?<![A-Za-z]){before}(?![a-z])", after, text)
    return text


def _section(page: str, title: str) -> str:
    """Text below a heading, up to the next one.

    Raises
    ------
    ValueError
        If the page lacks it.
    """
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"{PAGE} has no section {title!r}; restore it with: git checkout {PAGE}")
    return found[1]
