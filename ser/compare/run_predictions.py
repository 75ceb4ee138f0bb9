"""Predictions of a run: from a folder, a Git revision, or an experiment of DVC."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from ser.compare.dvc_runs import METRICS
from ser.compare.dvc_runs import WORKSPACE as WORKSPACE
from ser.core import files, tables

PREDICTIONS = Path("reports/predictions.csv")


class NotAvailable(ValueError):
    """The predictions of a revision are neither in DVC's cache nor in its remote.

    Examples
    --------
    >>> isinstance(NotAvailable("not in the cache; fetch it with dvc fetch"), ValueError)
    True
    """


def predictions(run: str) -> pd.DataFrame:
    """Read the predictions of a run.

    Parameters
    ----------
    run
        `workspace` (or `.`), a folder with `predictions.csv` or `reports/predictions.csv`, such a file, a Git revision,
        or the name of an experiment.

    Raises
    ------
    ValueError
        If there is no such run, or its predictions are not available.

    Examples
    --------
    >>> rows = pd.DataFrame({"fold": 0, "partition": "test", "utterance": ["u1", "u2"], "corpus": "x", "speaker": "a"})
    >>> rows = rows.assign(sex=None, intensity=None, truth=["sad", "calm"], prediction="sad", p_calm=0.25, p_sad=0.75)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tables.write(rows, Path(folder, "reports/predictions.csv"))
    ...     predictions(folder)["truth"].tolist()
    ['sad', 'calm']
    """
    if (path := _file_of(run)) is not None:
        return tables.read_predictions(path)
    if run in (WORKSPACE, "."):
        raise ValueError(f"no {PREDICTIONS} here; make it with: dvc repro evaluate")
    return revision_predictions(run)


def is_transductive(run: str) -> bool:
    """True if the metrics beside the predictions of a run mark it as transductive; False also where there are none.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files.write_text(Path(folder, "reports/predictions.csv"), "")
    ...     files.write_json(Path(folder, "reports/metrics.json"), {"uar": 0.5, "transductive": True})
    ...     is_transductive(folder)
    True
    """
    if (path := _file_of(run)) is not None:
        metrics = path.with_name(METRICS.name)
        return metrics.is_file() and _marked_transductive(files.read_json(metrics))
    if run in (WORKSPACE, "."):
        return False
    import dvc.api
    from dvc.exceptions import DvcException
    from dvc.scm import SCMError

    try:
        return _marked_transductive(json.loads(dvc.api.read(METRICS.as_posix(), rev=run)))
    except (SCMError, DvcException, OSError, ValueError):
        return False


def _file_of(run: str) -> Path | None:
    """File of predictions on this machine; None for a revision, also if a folder without predictions has its name."""
    top = Path("." if run == WORKSPACE else run)
    return next((path for path in (top, top / PREDICTIONS.name, top / PREDICTIONS) if path.is_file()), None)


def _marked_transductive(metrics: Any) -> bool:
    return isinstance(metrics, dict) and metrics.get("transductive") is True


def revision_predictions(revision: str) -> pd.DataFrame:
    """Read the predictions of a Git revision or experiment from Git, DVC's cache, or its default remote.

    Raises
    ------
    ValueError
        If the revision is unknown.
    NotAvailable
        If the revision is known, but its predictions are not available.
    """
    import dvc.api  # slow to import
    from dvc.exceptions import DvcException
    from dvc.scm import SCMError

    try:
        with dvc.api.open(PREDICTIONS.as_posix(), rev=revision, mode="rb") as source:
            content = source.read()
    except SCMError as error:
        raise ValueError(
            f"{revision} is no folder with {PREDICTIONS.name}, no Git revision and no experiment; list revisions with"
            " git log, experiments with ser experiments"
        ) from error
    except (DvcException, OSError) as error:
        raise NotAvailable(
            f"{PREDICTIONS} of {revision} is not in DVC's cache ({error}); run {revision} again in a copy, and compare"
            f" the working copy with it: ser diff {revision} --rerun; or, if DVC has a remote, fetch it: dvc fetch"
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PREDICTIONS.name
        path.write_bytes(content)
        return tables.read_predictions(path)


def shared_partition(a: pd.DataFrame, b: pd.DataFrame, wanted: str | None) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Name of a partition that both runs predicted, and its rows in each.

    It is the `wanted` partition; with None it is test, or dev if a run has no test predictions.

    Raises
    ------
    ValueError
        If there is no such partition.

    Examples
    --------
    >>> a, b = (pd.DataFrame({"partition": ["dev", "test"][k:]}) for k in (0, 1))
    >>> shared_partition(a, b, None)[0]
    'test'
    """
    names = [wanted] if wanted else ["test", "dev"]
    for name in names:
        of_a, of_b = (rows[rows["partition"] == name] for rows in (a, b))
        if len(of_a) and len(of_b):
            return name, of_a, of_b
    found = [", ".join(sorted(rows["partition"].unique())) for rows in (a, b)]
    raise ValueError(
        f"A has predictions of {found[0]}, and B of {found[1]}, but both need {' or '.join(names)}; run both with"
        " evaluation.test=true, or choose --partition dev"
    )
