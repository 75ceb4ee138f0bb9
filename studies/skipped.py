"""Corpora that a study leaves out, with the reason."""

from pathlib import Path

from ser.core import files

FILE = "skipped.json"


def write(corpus: str, folder: Path, reason: str) -> None:
    """Print why no model is trained on a corpus, and write the reason to the folder of its predictions.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write("savee", Path(folder, "savee"), "it is not installed")
    ...     reasons(Path(folder))
    no model is trained on savee: it is not installed
    {'savee': 'it is not installed'}
    """
    print(_text(corpus, reason))
    files.write_json(folder / FILE, {"reason": reason})


def reasons(predictions: Path) -> dict[str, str]:
    """Reason of each corpus without a model, from the folder with the predictions of all corpora.

    Examples
    --------
    >>> reasons(Path("no_such_folder"))
    {}
    """
    return {path.parent.name: files.read_json(path)["reason"] for path in sorted(predictions.glob(f"*/{FILE}"))}


def report(predictions: Path) -> None:
    """Print a line for each corpus without a model.

    Examples
    --------
    >>> report(Path("no_such_folder"))
    """
    for corpus, reason in reasons(predictions).items():
        print(_text(corpus, reason))


def _text(corpus: str, reason: str) -> str:
    return f"no model is trained on {corpus}: {reason}"
