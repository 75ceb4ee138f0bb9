"""The table `speakers.csv`, as spreadsheets and editors of any country write it."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ser.core.sexes import OTHER, UNKNOWN
from ser.corpora import text_tables

TABLE = "speakers.csv"
"""Table in the root, with the columns `path` (below the root), `speaker` and, if known, `sex`."""

MAX_LISTED = 20  # problems of a table
COLUMNS = {"gender": "sex"}  # other names of a column
WORDS = {
    "female": "f fem female w woman girl weiblich frau femme féminin femenino mujer hembra feminino mulher femminile"
    " femmina donna vrouw vrouwelijk kvinna kvinnlig kvinde kvindelig kvinne kobieta nainen kad\u0131n γυναίκα"
    " женский женщина ж 女 女性 여성 여",
    "male": "m male man boy männlich mann homme masculin masculino hombre varón homem maschile maschio uomo mannelijk"
    " manlig mandlig hane mężczyzna mies erkek άνδρας мужской мужчина м 男 男性 남성 남",
    OTHER: "other diverse divers d x nb nonbinary non-binary enby andere autre otro",
    "": f"{UNKNOWN} unbekannt inconnu desconocido n/a na nan none null - ?",
}
SEXES = {word.casefold(): sex for sex, words in WORDS.items() for word in words.split()}
"""Word -> `female`, `male`, `other`, or "" for unknown."""

WHOLE = re.compile(r"\A(\d+)\.0+\Z")  # number that a column with empty cells has made a decimal one


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Examples
    --------
    >>> Row(line=2, path="angry/1.wav", speaker="Anna", sex="female").speaker
    'Anna'
    """

    line: int
    path: str
    """As the table has it."""
    speaker: str
    sex: str | None


def read(table: Path) -> Mapping[str, Row]:
    """Rows of the table by the `key` of their path.

    Raises
    ------
    ValueError
        If the text cannot be read, a column is missing, or rows contradict each other; it lists all such rows.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     table = Path(folder, TABLE)
    ...     _ = table.write_text("path,speaker,gender\\nAngry/1.wav,Anna,weiblich\\n")
    ...     read(table)
    {'Angry/1.wav': Row(line=2, path='Angry/1.wav', speaker='Anna', sex='female')}
    """
    lines = text_tables.lines(table)
    names = next(lines, text_tables.Line(0, 0, [])).cells
    header = [COLUMNS.get(name.casefold(), name.casefold()) for name in names]
    if missing := [name for name in ("path", "speaker") if name not in header]:
        raise ValueError(f"{table} has no column {', '.join(missing)}; it needs path and speaker")
    rows: list[Row] = []
    problems: list[str] = []
    for line in lines:
        try:
            rows.append(_row(line.number, line.cells, header))
        except ValueError as error:
            problems.append(f"line {line.number}: {error}")
    problems += _contradictions(rows)
    if problems:
        shown = [f"  {problem}" for problem in problems[:MAX_LISTED]]
        more = [f"  and {len(problems) - MAX_LISTED} more"] if len(problems) > MAX_LISTED else []
        raise ValueError("\n".join([f"{table} cannot be used; mend these lines of it:", *shown, *more]))
    fullest_last = sorted(rows, key=lambda row: (bool(row.speaker), bool(row.sex)))
    return {key(row.path): row for row in fullest_last}


def _contradictions(rows: list[Row]) -> Iterator[str]:
    """Pairs of lines that give a path two speakers, or a speaker two sexes."""
    speakers: dict[str, Row] = {}
    sexes: dict[str, Row] = {}
    for row in rows:
        if row.speaker:
            first = speakers.setdefault(key(row.path), row)
            if first.speaker != row.speaker:
                lines = f"lines {first.line} and {row.line}"
                yield f"{lines} give {row.path} the speakers {first.speaker} and {row.speaker}"
        if row.speaker and row.sex:
            first = sexes.setdefault(row.speaker, row)
            if first.sex != row.sex:
                lines = f"lines {first.line} and {row.line}"
                yield f"{lines} give the speaker {row.speaker} the sexes {first.sex} and {row.sex}"


def key(path: str) -> str:
    """Form of a path that is equal for all spellings of it.

    Examples
    --------
    >>> key(r".\\Angry\\a.wav")
    'Angry/a.wav'
    """
    return str(PurePosixPath(unicodedata.normalize("NFC", path.replace("\\", "/"))))


def _row(line: int, cells: list[str], header: list[str]) -> Row:
    """Row of the cells of a line; a `ValueError` states what is wrong with them."""
    if any(cells[len(header) :]):
        raise ValueError(f"{len(cells)} cells below {len(header)} columns; write a path with a comma in double quotes")
    row = dict(zip(header, cells, strict=False))
    if not row["path"]:
        raise ValueError("no path; fill it in, or remove the line")
    return Row(line, row["path"], speaker(row.get("speaker") or ""), sex(row.get("sex") or ""))


def speaker(given: str) -> str:
    """Speaker in one spelling, since one who has two could be in two partitions.

    A letter with a mark is one character. A number is without `.0`, as pandas writes it where a cell of the column is
    empty, so that one of two tables of a list has it.

    Examples
    --------
    >>> speaker("Zoe\\u0308"), speaker("7.0")
    ('Zoë', '7')
    """
    return WHOLE.sub(r"\1", unicodedata.normalize("NFC", given))


def sex(given: str) -> str | None:
    """Sex by a word of any language; None for one that means unknown.

    Raises
    ------
    ValueError
        If the word is not known.

    Examples
    --------
    >>> sex("weiblich"), sex("M."), sex("")
    ('female', 'male', None)
    """
    word = unicodedata.normalize("NFKC", given).casefold().rstrip(".")
    if word and word not in SEXES:
        raise ValueError(f"unknown sex {given!r}; write female, male, other, or nothing")
    return SEXES.get(word) or None
