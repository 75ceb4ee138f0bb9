"""Label files of a corpus, for corpora whose file names do not state the emotion."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from ser.core import bounds, files
from ser.corpora.naming import InvalidName, Naming
from ser.corpora.speakers import Completion

MAX_LABELS = 2**29  # bytes; a description of a large corpus is longer than any JSON of this project

Facts = Mapping[str, str | None]
"""Fields of `Naming` -> their values."""


def found(folder: Path, *names: str) -> list[Path]:
    """Files below `folder` that have one of the names, in upper or lower case.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> found(Path("no_such_folder"), "metadata.csv")
    Traceback (most recent call last):
    ValueError: no_such_folder has no metadata.csv, which states the emotions of the recordings; put it there
    """
    wanted = {name.casefold() for name in names}
    here = sorted(path for path in files.walk(folder) if path.name.casefold() in wanted) if folder.is_dir() else []
    if not here:
        raise ValueError(
            f"{folder} has no {' or '.join(names)}, which states the emotions of the recordings; put it there"
        )
    return here


def rows(path: Path, *columns: str, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """Rows of a csv file, which must have some columns.

    Raises
    ------
    ValueError
        If a column is missing, or a cell has no end.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     files.write_text(Path(folder, "a.csv"), "file|emotion\\na.wav|sad\\n")
    ...     list(rows(Path(folder, "a.csv"), "emotion", delimiter="|"))
    [{'file': 'a.wav', 'emotion': 'sad'}]
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:  # labels are plain ASCII
        reader = csv.DictReader(file, delimiter=delimiter)
        try:
            if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
                raise ValueError(f"{path} has no column {', '.join(missing)}; replace it by that of the corpus")
            for row in reader:
                yield {key: value.strip() for key, value in row.items() if key is not None and isinstance(value, str)}
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num}: {error}; replace it by that of the corpus") from None


def read_json(path: Path) -> Any:
    """Content of a json file.

    Raises
    ------
    ValueError
        If it is no valid json, or exceeds the bounds of `ser.core.bounds`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     files.write_text(Path(folder, "a.json"), "[1]")
    ...     read_json(Path(folder, "a.json"))
    [1]
    """
    try:
        return bounds.parsed(path.read_text(encoding="utf-8-sig"), path.name, limit=MAX_LABELS)
    except ValueError as error:
        raise ValueError(f"{path} is no valid json ({error}); replace it by that of the corpus") from None


def completion(facts: Mapping[str, Facts], source: str) -> Completion:
    """Function that adds to the naming of a recording what `facts` has of it.

    Parameters
    ----------
    facts
        Name of a recording -> its facts.
    source
        File that states them, for the message.

    Examples
    --------
    >>> complete = completion({"a": {"corpus_label": "sad"}}, "labels.csv")
    >>> complete(PurePosixPath("x/a.wav"), Naming("", recording="a")).corpus_label
    'sad'
    """

    def complete(path: PurePosixPath, naming: Naming) -> Naming:
        known: Mapping[str, Any] | None = facts.get(naming.recording or "")
        if known is None:
            raise InvalidName(f"{source} has no label for it", f"add it to {source}, or move the recording elsewhere")
        return replace(naming, **known)

    return complete


def stem(name: str) -> str:
    """Stem of a file name in a table, whatever its folders and slashes.

    Examples
    --------
    >>> stem("wavs/recorded_audio_1.webm")
    'recorded_audio_1'
    """
    return PurePosixPath(name.replace("\\", "/")).stem
