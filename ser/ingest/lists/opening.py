"""A list opened: its tables, the columns that they have, and the places of the recordings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ser.corpora.naming import InvalidName
from ser.ingest.lists import columns, listing, parts
from ser.ingest.lists.places import Places


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


class Table(NamedTuple):
    """A table of a list.

    Examples
    --------
    >>> listed = listing.Listing(Path("my.csv"), ["file"], [(2, {"file": "a.wav"})])
    >>> [row for row, _ in Table(parts.Part(Path("my.csv")), listed, {"file": "file"}, Places([])).rows()]
    [Row(number=2, part='')]
    """

    part: parts.Part
    listed: listing.Listing
    roles: dict[str, str]
    """Role -> column."""
    places: Places

    def rows(self) -> Iterator[tuple[listing.Row, Mapping[str, str]]]:
        """Place of each row, and column -> text."""
        return ((listing.Row(number, self.part.name), row) for number, row in self.listed.rows)


class Opened(NamedTuple):
    """A list.

    Examples
    --------
    >>> Opened(Path("my.csv"), [], [Path()]).path
    PosixPath('my.csv')
    """

    path: Path
    """Of the list, or the folder of its tables."""
    tables: list[Table]
    folders: list[Path]
    """Those from which recordings are named, the first one that contains a recording."""


def opened(folder: Path, settings: ListSettings) -> Opened:
    """The list of a corpus.

    Parameters
    ----------
    folder
        Folder of the corpus: the root, or a folder in it.

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
    ...     opened(Path(folder), ListSettings(None)).tables[0].roles
    {'file': 'wav', 'emotion': 'label'}
    """
    path = folder if settings.list is None else Path(settings.list).expanduser()
    found = parts.found(path)
    top = path if found[0].name else found[0].path
    tables = [_table(part, folder, settings) for part in found]
    if not any(table.listed.rows for table in tables):
        raise ValueError(f"{top} has no rows below the names of its columns; add one for each recording")
    return Opened(top, tables, [top if found[0].name else top.parent, folder])


def _table(part: parts.Part, folder: Path, settings: ListSettings) -> Table:
    listed = listing.read(part.path, settings.columns.get("emotion"))
    chosen = dict(settings.columns)
    if chosen.get("file") is None and listed.audio is not None:  # a column of paths then has those of another machine
        chosen["file"] = listed.audio
    try:
        roles = columns.of_roles([name for name in listed.columns if name], chosen, settings.section)
    except ValueError as error:
        raise ValueError(f"{part.path} cannot be used; {error}") from None
    return Table(part, listed, roles, Places([part.path.parent, folder], settings.prefix))


def recordings(folder: Path, settings: ListSettings) -> tuple[list[Path], list[Path]]:
    """Files of the list; and recordings that its rows name and that are there, each once, in the order of their paths.

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
    ...     [[path.name for path in paths] for paths in recordings(Path(folder), ListSettings(None))]
    [['my.csv'], ['a.wav']]
    """
    found: set[Path] = set()
    tables = opened(folder, settings).tables
    for table in tables:
        for given in {row.get(table.roles["file"], "") for _, row in table.rows()}:
            try:
                found.add(table.places.find(given))
            except InvalidName:
                continue  # ingest lists them all
    return [table.part.path for table in tables], sorted(found)
