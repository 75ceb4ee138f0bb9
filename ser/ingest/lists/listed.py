"""Recordings that a list names, and what is wrong with its rows; nothing is decoded."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from ser.core import files
from ser.corpora import speakers
from ser.corpora.naming import InvalidName
from ser.ingest.lists import columns, entries, listing, opening, places, utterances
from ser.ingest.lists.entries import Entry
from ser.ingest.lists.opening import ListSettings
from ser.ingest.survey import Named, Reject, Survey


def listed_recordings(
    root: Path, folder: Path, settings: ListSettings, emotion: Callable[[str], str]
) -> tuple[Survey, dict[str, Any]]:
    """Recordings that a list names, with paths from `root`; and facts about the list for `reports/ingest.json`.

    Parameters
    ----------
    folder
        Folder of the corpus: the root, or a folder in it.
    emotion
        Label -> emotion, or an `InvalidName`.

    Raises
    ------
    ValueError
        For the same reasons as `opening.opened`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.wav").write_bytes(b"")
    ...     _ = Path(folder, "my.csv").write_text("wav,label\\na.wav,sad\\ngone.wav,sad")
    ...     found, facts = listed_recordings(Path(folder), Path(folder), ListSettings(None), str)
    >>> [one.where for one in found.named], [one.where for one in found.rejects]
    (['my.csv, row 2'], ['my.csv, row 3'])
    """
    given, found = opening.opened(folder, settings), Survey()
    where = partial(listing.where, given.path)
    rows = [row for table in given.tables for row in _entries(table, settings, found)]
    facts = _facts(given)
    rows, faults, votes = utterances.of_entries(rows, settings.votes, emotion)
    facts |= {"votes": votes.report()} if votes else {}
    rows, same = _with_own_names(rows, given.folders)
    rows, without = _with_speakers(rows, root, settings.speaker_pattern)
    for numbers, path, error in (*faults, *same, *without):
        found.rejects.append(Reject.of(path, error, where(numbers)))
    found.named = [
        Named(PurePosixPath(places.relative(row.path, root)), row.naming, row.segment, where([row.row])) for row in rows
    ]
    return found, facts


def _facts(given: opening.Opened) -> dict[str, Any]:
    """Path, number of rows, columns of the roles, and columns that are not read."""
    left = [columns.unread([name for name in one.listed.columns if name], one.roles) for one in given.tables]
    return {
        "path": str(given.path),
        "rows": sum(len(one.listed.rows) for one in given.tables),
        "columns": {role: column for one in reversed(given.tables) for role, column in one.roles.items()},
        "not_read": list(dict.fromkeys(name for names in left for name in names)),
    }


def _with_speakers(rows: list[Entry], root: Path, pattern: str | None) -> tuple[list[Entry], list[utterances.Fault]]:
    """Rows with the speakers that the pattern finds in their paths, and the faults of those where it finds none."""
    if pattern is None:
        return rows, []
    complete = speakers.completion(root, pattern)
    found: list[Entry] = []
    faults: list[utterances.Fault] = []
    for row in rows:
        try:
            path = PurePosixPath(places.relative(row.path, root))
            found.append(row if row.naming.speaker else row._replace(naming=complete(path, row.naming)))
        except InvalidName as error:
            faults.append(((row.row,), row.given, error))
    return found, faults


def _with_own_names(rows: Sequence[Entry], folders: Sequence[Path]) -> tuple[list[Entry], list[utterances.Fault]]:
    """Rows with their names in the order of these, and the faults of those whose names others have."""
    names = utterances.names(rows, places.names_of([(row.given, row.path) for row in rows], folders))
    owners: dict[str, Entry] = {}
    faults: list[utterances.Fault] = []
    for name, row in sorted(zip(names, rows, strict=True), key=lambda pair: pair[0]):
        if name in owners:
            reason = f"its id would be {name}, as that of {owners[name].given} in row {owners[name].row}"
            faults.append(((row.row,), row.given, InvalidName(reason, "rename one of the files")))
        else:
            owners[name] = row._replace(naming=replace(row.naming, recording=name))
    return list(owners.values()), faults


def _entries(table: opening.Table, settings: ListSettings, found: Survey) -> list[Entry]:
    """Rows of a table without faults; `found` gets the others."""
    split = "" if settings.columns.get("split") == columns.UNUSED else table.part.split
    rows = []
    for place, row in table.rows():
        one = entries.entry(place, row, table.roles, table.places, split=split)
        if isinstance(one, Entry):
            rows.append(one)
            continue
        path, where = files.one_line(row.get(table.roles["file"], "")), listing.where(table.part.path, [place])
        found.rejects += [Reject.of(path, error, where) for error in one]
    return rows
