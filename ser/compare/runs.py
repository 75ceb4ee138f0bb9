"""Predictions of a run: of a folder, of a Git revision, or of an experiment of DVC."""

import json
import tempfile
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ser.core import files, tables

PREDICTIONS = Path("reports/predictions.csv")
METRICS = Path("reports/metrics.json")
WORKSPACE: Final = "workspace"


class NotHere(ValueError):
    """The predictions of a revision are neither in DVC's cache nor in its remote."""


def predictions(run: str) -> pd.DataFrame:
    """Read the predictions of a run.

    Parameters
    ----------
    run
        `workspace` (or `.`), a folder that holds `predictions.csv` or `reports/predictions.csv`, such a file, a Git
        revision, or the name of an experiment.

    Raises
    ------
    ValueError
        If there is no such run, or its predictions are not to be had here.
    """
    top = Path("." if run == WORKSPACE else run)
    for path in (top, top / PREDICTIONS.name, top / PREDICTIONS):
        if path.is_file():
            return tables.read_predictions(path)
    if run in (WORKSPACE, "."):
        raise ValueError(f"no {PREDICTIONS} here; make it with: dvc repro evaluate")
    return of_revision(run)


def is_transductive(run: str) -> bool:
    """Whether the metrics beside a run's predictions say so; not where there are none."""
    top = Path("." if run == WORKSPACE else run)
    if top.exists():
        folder = top.parent if top.is_file() else top
        found = [path for path in (folder / METRICS.name, folder / METRICS) if path.is_file()]
        return bool(found) and _says_transductive(files.read_json(found[0]))
    import dvc.api
    from dvc.exceptions import DvcException
    from dvc.scm import SCMError

    try:
        return _says_transductive(json.loads(dvc.api.read(METRICS.as_posix(), rev=run)))
    except (SCMError, DvcException, OSError, ValueError):
        return False


def _says_transductive(metrics: Any) -> bool:
    return isinstance(metrics, dict) and metrics.get("transductive") is True


def of_revision(revision: str) -> pd.DataFrame:
    """Read the predictions of a Git revision or experiment from Git, DVC's cache, or its default remote.

    Raises
    ------
    ValueError
        If the revision is unknown.
    NotHere
        If its predictions are not to be had here.
    """
    import dvc.api  # slow to import
    from dvc.exceptions import DvcException
    from dvc.scm import SCMError

    try:
        with dvc.api.open(PREDICTIONS.as_posix(), rev=revision, mode="rb") as source:
            content = source.read()
    except SCMError as error:
        raise ValueError(
            f"{revision} is no folder with {PREDICTIONS.name}, no Git revision and no experiment; see git log"
            " and dvc exp show"
        ) from error
    except (DvcException, OSError) as error:
        raise NotHere(
            f"{PREDICTIONS} of {revision} is not in DVC's cache ({error}); fetch it with dvc fetch, or check {revision}"
            " out elsewhere, run dvc repro there, and give that folder"
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PREDICTIONS.name
        path.write_bytes(content)
        return tables.read_predictions(path)


def same_partition(a: pd.DataFrame, b: pd.DataFrame, wanted: str | None) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Rows of one partition of both: of the `wanted` one, or of test, and of dev if one has no test.

    Raises
    ------
    ValueError
        If they have none in common.
    """
    names = [wanted] if wanted else ["test", "dev"]
    for name in names:
        of_a, of_b = (rows[rows["partition"] == name] for rows in (a, b))
        if len(of_a) and len(of_b):
            return name, of_a, of_b
    said = [", ".join(sorted(rows["partition"].unique())) for rows in (a, b)]
    raise ValueError(
        f"A predicted {said[0]}, and B {said[1]}, so not both {' or '.join(names)}; run both with evaluation.test=true,"
        " or say --partition dev"
    )
