"""Arguments of commands that name files and folders."""

import argparse
import os
from glob import glob
from pathlib import Path


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


def output_file_of(text: str) -> Path:
    """Path of a file that a command writes; as `filled`.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is a folder, a pipe or a device, as `/dev/stdout`, which the file would replace.

    Examples
    --------
    >>> output_file_of("reports/diff.md").name
    'diff.md'
    """
    path = path_of(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is a folder; give the path of a file")
    if path.is_relative_to("/dev") or (path.exists() and not path.is_file()):
        raise argparse.ArgumentTypeError(f"{path} is a pipe or a device; give the path of a file")
    return path


def files_of(pattern: str) -> list[str]:
    """Files of a pattern, as `*.wav`, which the shells of Windows do not replace; an argument that has none stays.

    Brackets are part of names, as in `take [2].wav`.

    Examples
    --------
    >>> files_of("no_such_folder/*.wav")
    ['no_such_folder/*.wav']
    """
    if os.path.lexists(pattern):
        return [pattern]
    return sorted(glob(pattern.replace("[", "[[]"))) or [pattern]  # noqa: PTH207 -- a Path would change the text
