"""Subcommands of `ser`: one module each, imported when the subcommand is used."""

import argparse
from pathlib import Path


class Failed(ValueError):
    """Part of the work failed; the results of the rest are already on standard output.

    Examples
    --------
    >>> print(Failed("1 of 2 recordings could not be predicted"))
    1 of 2 recordings could not be predicted
    """


def filled(text: str) -> str:
    """Text of an argument that names a file or a folder, if it is not empty: `Path("")` is the current folder.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is empty, as a variable of the shell that is not set.

    Examples
    --------
    >>> filled("models/fold_0")
    'models/fold_0'
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; give a file or a folder, as . for the current folder")
    return text


def path_of(text: str) -> Path:
    """Path that an argument names; as `filled`.

    Examples
    --------
    >>> path_of("models/fold_0").name
    'fold_0'
    """
    return Path(filled(text))


def printable(path: Path | str) -> str:
    """Path as text without characters that cannot be printed, such as line breaks; these would spoil a table.

    Examples
    --------
    >>> printable("first\\nsecond.wav")
    'first\ufffdsecond.wav'
    """
    text = str(path).encode("utf-8", "replace").decode()
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
