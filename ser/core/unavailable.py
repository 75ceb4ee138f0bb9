"""Marks of feature tables and arrays that a run does not make; this module imports no library of tables.

Many stages only mark their output, and the import of such a library takes most of the time of a short stage.
"""

from pathlib import Path

from ser.core import files
from ser.core.table_suffixes import PARQUET, SUFFIXES

COLUMN = "unavailable"
"""Name of the column that marks a feature table without features; such a table has no rows."""
KEYS = ("utterance", "variant", "emotion")
INDEX = "index.csv"  # table of the keys, in the folder of an array
ALL = "extract=all"
REASON = (
    "is marked unavailable: its network could not be loaded, or the model does not need these features; make it with:"
    " dvc exp run -S model.representation=NAME, where NAME uses these features (for YAMNet, set TFHUB_CACHE_DIR to a TF"
    " Hub cache that contains it, or connect to the internet); or choose -S model.representation=librosa"
)
"""Continues the path of such a table."""


def write(path: Path) -> None:
    """Write an empty feature table that is marked as unavailable, or, for a folder, the index of no array.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write(Path(folder, "ssl.csv"))
    ...     Path(folder, "ssl.csv").read_text()
    'utterance,variant,emotion,unavailable\\n'
    """
    with files.replacing(path) as temporary:
        if path.suffix not in SUFFIXES:
            temporary.mkdir()
        _write_table(temporary if path.suffix in SUFFIXES else temporary / INDEX)


def _write_table(path: Path) -> None:
    columns = (*KEYS, COLUMN)
    if path.suffix != PARQUET:
        files.write_text(path, ",".join(columns) + "\n")
        return
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.schema([(name, pyarrow.string()) for name in columns]).empty_table(), path)


def is_asked_for(finding: Path, path: Path, *, what: str, setting: str) -> bool:
    """True if the probe found that the run makes a representation; else mark its output, and print that.

    Parameters
    ----------
    finding
        File in which the probe states if it is wanted, and if something that it needs is missing.
    path
        Output of the stage.
    what
        Name of the representation in a sentence.
    setting
        Override that asks for it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     files.write_json(Path(folder, "a.json"), {"wanted": False})
    ...     is_asked_for(Path(folder, "a.json"), Path(folder, "a.csv"), what="levels", setting="model=levels")
    levels: not needed by the model; to extract them: -S model=levels or -S extract=all
    False
    >>> with TemporaryDirectory() as folder:
    ...     files.write_json(Path(folder, "a.json"), {"wanted": False, "missing": True})
    ...     is_asked_for(Path(folder, "a.json"), Path(folder, "a.csv"), what="levels", setting="model=levels")
    levels cannot be made here; the warning of the stage probe has the remedy
    False
    """
    found = files.read_json(finding)
    if found["wanted"]:
        return True
    if found.get("missing"):
        print(f"{what} cannot be made here; the warning of the stage probe has the remedy")
    else:
        print(f"{what}: not needed by the model; to extract them: -S {setting} or -S {ALL}")
    write(path)
    return False
