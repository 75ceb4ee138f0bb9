"""Subcommands of `ser` that predict, export and search: one module each, imported when it is asked for."""

from pathlib import Path


class Failed(ValueError):
    """Something could not be done; what could be is on standard output already."""


def shown(path: Path | str) -> str:
    """A path as text for people: names in no known encoding, and line breaks in names, must not spoil a table."""
    text = str(path).encode("utf-8", "replace").decode()
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
