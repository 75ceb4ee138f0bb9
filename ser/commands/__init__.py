"""Subcommands of `ser`: one module each, imported when the subcommand is used."""

from pathlib import Path


class Failed(ValueError):
    """Part of the work failed; the results of the rest are already on standard output.

    Examples
    --------
    >>> print(Failed("1 of 2 recordings could not be predicted"))
    1 of 2 recordings could not be predicted
    """


def printable(path: Path | str) -> str:
    """Path as text without characters that cannot be printed, such as line breaks; these would spoil a table.

    Examples
    --------
    >>> printable("first\\nsecond.wav")
    'first\ufffdsecond.wav'
    """
    text = str(path).encode("utf-8", "replace").decode()
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
