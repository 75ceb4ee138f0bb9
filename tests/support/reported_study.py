"""A study that runs in seconds, with everything that its report reads: recordings, tables, models, an audit."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile

from ser.core import files, tables
from ser.ingest.counts import Tally
from stages import report
from tests.support import small_study
from tests.support.learning_tables import utterance_table
from tests.support.synthesis import tone

RATE = 16_000
SIX = utterance_table(8, emotions=small_study.FOUR, n_repetitions=1)
"""Utterances with six test speakers."""
MANY = small_study.by_speaker(
    {"01": "test", "02": "test", "03": "test", "04": "dev"},
    {"05": "test", "06": "test", "07": "test", "08": "dev"},
    utterances=SIX,
)
CLEAN: dict[str, Any] = {"protocol": "p", "declared": None, "n_errors": 0, "n_notes": 0, "findings": []}
OPTIONS: dict[str, Any] = {"n_mistakes": 2, "temperature": "dev", "n_repeats": 2, "max_rows": 1000}


def configuration(name: str, *members: str, **options: Any) -> dict[str, Any]:
    """All parameters, including those of the report."""
    return {
        **small_study.configuration(name, *members),
        "corpus": {"name": "ravdess", "reader": "ravdess", "root": "corpus", "label_map": {"01": "neutral"}},
        "labels": {"name": "canonical", "actions": {"calm": "drop"}},
        "augmentation": {"name": "none", "seed": 0, "variants": {}},
        "report": OPTIONS | options,
    }


def write_recordings(utterances: pd.DataFrame, root: Path) -> None:
    """Write a different short tone for each utterance."""
    for k, path in enumerate(utterances["path"]):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / path, tone(200 + 5 * k, 0.3, RATE), RATE, format="FLAC")


def write_projections(utterances: pd.DataFrame) -> None:
    """Write maps of some rows, one of them synthetic."""
    random = np.random.default_rng(0)
    table = utterances[["utterance", "emotion"]].head(20).assign(variant=tables.ORIGINAL)
    table["synthetic"] = np.arange(len(table)) == 3
    for name in ("tsne", "umap"):
        points = table.assign(x=random.normal(size=len(table)), y=random.normal(size=len(table)))
        tables.write(
            points[["utterance", "variant", "synthetic", "emotion", "x", "y"]], report.PROJECTIONS / f"{name}.csv"
        )


def write_study(
    config: Mapping[str, Any],
    *,
    utterances: pd.DataFrame = small_study.UTTERANCES,
    partitions: pd.DataFrame = small_study.TWO_FOLDS,
    audit: Mapping[str, Any] = CLEAN,
) -> None:
    """Write the inputs of the report to the working folder, without models."""
    small_study.write_tables(config, utterances=utterances, partitions=partitions)
    write_recordings(utterances, Path(config["corpus"]["root"]))
    write_projections(utterances)
    files.write_json(report.AUDIT, audit)
    tally = Tally()
    tally.add(utterances)
    files.write_json(report.INGEST, tally.report())


@contextmanager
def inside(folder: Path) -> Iterator[Path]:
    """Change the working folder for the block."""
    before = Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)


def write_report(folder: Path, config: Mapping[str, Any], *, trained: Path | None = None, **study: Any) -> Path:
    """Make a study with its report in a folder; return the folder of the report.

    Parameters
    ----------
    trained
        Folder of a study of the same tables and settings, whose models and predictions are copied.
    """
    if trained is not None:
        shutil.copytree(trained, folder, dirs_exist_ok=True)
    with inside(folder):
        write_study(config, **study)
        if trained is None:
            small_study.run_stages(*config["members"])
        report.main()
    return folder / report.PAGE.parent


def without(utterances: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The same table with missing values in some columns."""
    return utterances.assign(**{column: pd.Series(None, utterances.index, dtype="str") for column in columns})
