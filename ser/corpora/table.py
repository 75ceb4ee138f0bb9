"""A list of recordings: a table whose rows name a file, its emotion and, if known, more (`ser.ingest.lists`)."""

from pathlib import PurePosixPath

from ser.core.emotions import normal
from ser.corpora.contract import Corpus
from ser.corpora.naming import InvalidName, Naming


def parse(path: PurePosixPath) -> Naming:
    """Raise an error: only the list has the emotion of a file.

    Raises
    ------
    InvalidName
        Always.

    Examples
    --------
    >>> parse(PurePosixPath("a.wav"))
    Traceback (most recent call last):
    ser.corpora.naming.InvalidName: the list has no row for a.wav; add one
    """
    raise InvalidName(f"the list has no row for {path}", "add one")


CORPUS = Corpus(
    title="List of recordings",
    citation="Your own list",
    licence="as you received them",
    steps=(
        "write a list with the columns file and emotion, and speaker if known: csv, JSON lines or Parquet",
        "put it into {root} as list.csv, or name its place: -S corpus=table -S corpus.list=/path/to/list.csv",
    ),
    parse=parse,
    spelled=normal,
    has_words=True,
    is_list=True,
)
