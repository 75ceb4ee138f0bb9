"""`ser describe`: tables and pictures of the corpus of the study, or of single recordings."""

import argparse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ser.core import numba_cache
from ser.core.arguments import path_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

UTTERANCES = Path("data/utterances.csv")
OUT = Path("reports/description")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the recordings and the output folder.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> parser.parse_args(["angry.wav", "--out", "pictures"]).recordings
    ['angry.wav']
    """
    parser.add_argument(
        "recordings",
        nargs="*",
        metavar="RECORDING",
        help="ids of utterances, or audio files; draws a picture of each (default: describe the whole corpus)",
    )
    parser.add_argument(
        "--out", type=path_of, default=OUT, metavar="FOLDER", help="where to write (default: %(default)s)"
    )


def run(given: argparse.Namespace) -> str:
    """Describe the given recordings, or the corpus of the study.

    Raises
    ------
    ValueError
        If there is no study, a recording is unknown, or audio has changed since it was ingested.
    Failed
        If a recording cannot be read.
    """
    if given.out.exists() and not given.out.is_dir():
        raise ValueError(f"{given.out} is a file; --out takes the name of a folder")
    numba_cache.ensure()  # a damaged one would end the process without a message
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # names may be in any script; the font lacks some
        if given.recordings:
            from ser.commands import drawing

            return drawing.draw(given.recordings, given.out, utterances=UTTERANCES)
        return _of_corpus(given.out)


def _of_corpus(out: Path) -> str:
    from ser.core import files, tables
    from ser.description import corpus_tables, summaries

    table = _measured()
    made = {
        "utterances": table,
        "groups": corpus_tables.groups(table),
        "pitch": corpus_tables.pitch(table),
        "outliers": corpus_tables.outliers(table),
    }
    for name, rows in made.items():
        tables.write(rows, out / f"{name}.csv")
    pictures = _pictures(table)
    for name, figure in pictures.items():
        with files.replacing(out / f"{name}.png") as temporary:
            figure.savefig(temporary)
    text = summaries.summary(table)
    files.write_text(out / "summary.txt", f"{text}\n")
    names = [*(f"{name}.csv" for name in made), *(f"{name}.png" for name in pictures), "summary.txt"]
    return f"{text}\n\nwritten to {out}: {', '.join(names)}"


def _measured() -> "pd.DataFrame":
    """Table of all utterances of the study with their measurements.

    Raises
    ------
    ValueError
        If there is no study, or its audio is missing.
    """
    import pandas as pd

    from ser.audio import cells
    from ser.core import params_file, tables
    from ser.description import corpus_tables
    from ser.description.acoustics import measurements
    from ser.representation import tabular
    from ser.representation.extraction import one_by_one

    if not UTTERANCES.is_file():
        raise ValueError(f"no {UTTERANCES} here; make it with: dvc repro ingest; or give audio files")
    root = Path(params_file.load("corpus.root")["corpus.root"])
    utterances = tables.read_utterances(UTTERANCES)
    missing = [path for path in utterances["path"] if not cells.file_of(root / path).is_file()]
    if missing:
        raise ValueError(
            f"{len(missing)} of the {len(utterances)} recordings of {UTTERANCES} are not in {root}, such as"
            f" {missing[0]}; put them there, or run: dvc repro ingest"
        )
    rows = tabular.feature_rows(utterances, root, one_by_one(measurements), description="describe")
    return corpus_tables.measured_utterances(utterances, pd.concat(rows, ignore_index=True))


def _pictures(table: "pd.DataFrame") -> "dict[str, Figure]":
    """Name -> picture; speakers are drawn if they are known, corpora if there are several."""
    from ser.description.summaries import title
    from ser.figures import corpora as figures

    heading = title(table)
    made = {
        "classes": figures.classes(table, title=heading),
        "recordings": figures.recordings(table, by="emotion", title=heading),
        "pitch": figures.pitch(table, title=heading),
    }
    if table["speaker"].notna().any():
        made["speakers"] = figures.speakers(table, title=heading)
    if table["corpus"].nunique() > 1:
        made["recordings_by_corpus"] = figures.recordings(table, by="corpus", title=heading)
    return made
