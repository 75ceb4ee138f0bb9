"""Survey of a list: the recordings that it names, and what is wrong with its rows; nothing is decoded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ser.corpora import speakers
from ser.corpora.naming import InvalidName
from ser.ingest.lists import columns, entries, listing, places, utterances
from ser.ingest.lists.entries import Entry
from ser.ingest.survey import Named, Reject, Survey


@dataclass(frozen=True)
class ListSettings:
    """Settings of a list.

    Examples
    --------
    >>> ListSettings("my.csv").columns
    {}
    """

    list: str | None
    """Path of the list, or of its folder; None: it lies in the folder of the corpus."""
    columns: Mapping[str, str | None] = field(default_factory=dict)
    """Role -> column, `none`, or None: by the common names."""
    prefix: str | None = None
    """Folder that precedes every path of the list."""
    votes: bool | None = None
    """True if several rows of an utterance are votes; None: as `utterances.are_votes` finds."""
    speaker_pattern: str | None = None
    """As of a corpus; for a list without a column of speakers."""
    section: str = "corpus"
    """Section of the configuration that holds these settings."""


def survey(
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
        For the same reasons as `opened`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.wav").write_bytes(b"")
    ...     _ = Path(folder, "my.csv").write_text("wav,label\\na.wav,sad\\ngone.wav,sad")
    ...     found, facts = survey(Path(folder), Path(folder), ListSettings(None), str)
    >>> [one.where for one in found.named], [one.where for one in found.rejects]
    (['my.csv, row 2'], ['my.csv, row 3'])
    """
    listed, roles = opened(folder, settings)
    found, folders = Survey(), [listed.path.parent, folder]
    rows = _entries(listed, roles, places.Places(folders, settings.prefix), found)
    facts: dict[str, Any] = {"path": str(listed.path), "rows": len(listed.rows), "columns": roles}
    facts["not_read"] = columns.unread([name for name in listed.columns if name], roles)
    rows, faults, votes = utterances.of_entries(rows, settings.votes, emotion)
    facts |= {"votes": votes.report()} if votes else {}
    rows, same = _with_own_names(rows, folders)
    rows, without = _with_speakers(rows, root, settings.speaker_pattern)
    for numbers, given, error in (*faults, *same, *without):
        found.rejects.append(Reject(given, error.reason, error.remedy, listed.where(*numbers)))
    found.named = [_named(row, root, listed) for row in rows]
    return found, facts


def _named(row: Entry, root: Path, listed: listing.Listing) -> Named:
    path = PurePosixPath(places.relative(row.path, root))
    return Named(path, row.naming, row.segment, listed.where(row.row))


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
    names = utterances.names(rows, lambda row: places.name_of(row.given, row.path, folders))
    owners: dict[str, Entry] = {}
    faults: list[utterances.Fault] = []
    for name, row in sorted(zip(names, rows, strict=True), key=lambda pair: pair[0]):
        if name in owners:
            reason = f"its id would be {name}, as that of {owners[name].given} in row {owners[name].row}"
            faults.append(((row.row,), row.given, InvalidName(reason, "rename one of the files")))
        else:
            owners[name] = row._replace(naming=replace(row.naming, recording=name))
    return list(owners.values()), faults


def opened(folder: Path, settings: ListSettings) -> tuple[listing.Listing, dict[str, str]]:
    """The list, and role -> column.

    Raises
    ------
    ValueError
        If the list is missing, cannot be read, lacks a column or has no rows.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.wav").write_bytes(b"")
    ...     _ = Path(folder, "my.csv").write_text("wav,label\\na.wav,sad\\ngone.wav,sad")
    ...     opened(Path(folder), ListSettings(None))[1]
    {'file': 'wav', 'emotion': 'label'}
    """
    path = listing.found(folder if settings.list is None else Path(settings.list).expanduser())
    listed = listing.read(path, settings.columns.get("emotion"))
    try:
        roles = columns.of_roles([name for name in listed.columns if name], settings.columns, settings.section)
    except ValueError as error:
        raise ValueError(f"{path} cannot be used; {error}") from None
    if not listed.rows:
        raise ValueError(f"{path} has no rows below the names of its columns; add one for each recording")
    return listed, roles


def recordings(folder: Path, settings: ListSettings) -> list[Path]:
    """Files that the rows name and that are there, each once, in the order of their paths.

    Raises
    ------
    ValueError
        If the list is missing, cannot be read, lacks a column or has no rows.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.wav").write_bytes(b"")
    ...     _ = Path(folder, "my.csv").write_text("wav,label\\na.wav,sad\\ngone.wav,sad")
    ...     [path.name for path in recordings(Path(folder), ListSettings(None))]
    ['my.csv', 'a.wav']
    """
    listed, roles = opened(folder, settings)
    where = places.Places([listed.path.parent, folder], settings.prefix)
    found = set()
    for given in {cells.get(roles["file"], "") for _, cells in listed.rows}:
        try:
            found.add(where.find(given))
        except InvalidName:
            continue  # ingest lists them all
    return [listed.path, *sorted(found)]


def _entries(listed: listing.Listing, roles: Mapping[str, str], where: places.Places, found: Survey) -> list[Entry]:
    rows = []
    for number, cells in listed.rows:
        row = entries.entry(number, cells, roles, where)
        if isinstance(row, Entry):
            rows.append(row)
            continue
        given = cells.get(roles["file"], "")
        found.rejects += [Reject(given, error.reason, error.remedy, listed.where(number)) for error in row]
    return rows
