"""Databases in audformat as lists: their tables of emotions, with the facts about files and speakers.

`audformat` would read the header with a loader that runs what the header names, and tables from pickles. So the header
is read here, as plain data, and a database with pickles is refused.
"""

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ser.core import extras, yaml_text
from ser.ingest.lists.columns import ROLES, spelled

# of audformat, for a wrong header
FAULTS = (RuntimeError, KeyError, TypeError, AttributeError, AssertionError, OSError)


def rows(header: Path, chosen: str | None) -> Iterator[dict[str, Any]]:
    """Rows of all tables of a database that have emotions, each utterance of a table once; times are in seconds.

    Parameters
    ----------
    header
        Path of `db.yaml`.
    chosen
        Column of the emotion; None: by its common names.

    Raises
    ------
    ValueError
        If the header or a table cannot be read, tables are pickles or lie in other folders, or `audformat` is not
        installed.

    Examples
    --------
    >>> list(rows(Path("no_such_folder/db.yaml"), None))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: no_such_folder/db.yaml cannot be read as the header of an audformat database ([Errno 2] ...
    """
    if pickles := sorted(header.parent.glob("*.pkl")):
        names = ", ".join(path.name for path in pickles)
        raise ValueError(f"{header.parent} has pickles ({names}), which may run code; remove them, the tables stay")
    try:
        content = yaml_text.loaded(header.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{header} cannot be read as the header of an audformat database ({error})") from None
    extras.check("audformat")
    import audformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of pandas, on the code of audformat
            database = audformat.Database.load_header_from_yaml(content)
            for name in (*database.misc_tables, *database.tables):
                _check_name(name, header)
                database[name].load(str(header.parent / f"{header.stem}.{name}"))
        yield from _rows(database, chosen)
    except (*FAULTS, audformat.errors.BadIdError) as error:
        reason = f"{error}" or "a value of the header has another type"
        raise ValueError(f"{header} cannot be read as an audformat database ({reason})") from None


def _check_name(name: object, header: Path) -> None:
    """Raise `ValueError` if the file of a table lies in another folder, where no pickle has been looked for."""
    if any(sign in str(name) for sign in "/\\"):
        raise ValueError(f"{header} has a table {str(name)[:60]!r}, whose file is in another folder; rename it")


def _rows(database: Any, chosen: str | None) -> Iterator[dict[str, Any]]:
    names = [chosen] if chosen else ROLES["emotion"]
    labelled, of_file = [], pd.DataFrame()
    for name in database.tables:
        table = database[name]
        frame = _frame(database, table)
        if any(spelled(column) in names or column in names for column in frame.columns):
            labelled.append((table.split_id is None, table, frame))
        elif table.is_filewise:
            of_file = of_file.combine_first(frame)
    labelled.sort(key=lambda entry: entry[0])  # tables of a split first: the others often repeat their rows
    known: set[Any] = set()
    for _, table, frame in labelled:
        split = database.splits[table.split_id].type if table.split_id else None
        before = frozenset(known)
        for key, facts in zip(frame.index, frame.to_dict("records"), strict=True):
            file, *span = key if isinstance(key, tuple) else (key,)
            seconds = dict(zip(("start", "end"), map(_seconds, span), strict=False))
            if (utterance := (file, seconds.get("start") or 0, seconds.get("end"))) in before:
                continue
            known.add(utterance)
            more = of_file.loc[file].to_dict() if file in of_file.index else {}
            named = {str(name): None if pd.isna(value) else value for name, value in (more | facts).items()}
            yield {"file": file, **seconds, "split": split, **named}


def _frame(database: Any, table: Any) -> pd.DataFrame:
    """Rows of a table, with what the scheme of a column states about its labels, such as the sex of a speaker."""
    frame: pd.DataFrame = table.df.astype(object)
    for name, column in table.columns.items():
        labels = database.schemes[column.scheme_id].labels if column.scheme_id else None
        facts = database[labels].df.to_dict("index") if isinstance(labels, str) else labels
        if isinstance(facts, Mapping):
            described = pd.DataFrame(
                [facts.get(label) if isinstance(facts.get(label), dict) else {} for label in frame[name]]
            )
            for fact in described.columns.difference(frame.columns):
                frame[fact] = described[fact].to_numpy()
    return frame


def _seconds(time: Any) -> float | None:
    return None if pd.isna(time) else float(time.total_seconds())
