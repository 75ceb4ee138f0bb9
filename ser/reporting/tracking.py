"""Parameters, metrics and files of a run, written to a tracker after all else; nothing is computed with it."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ser.core import extras, project
from ser.core.file_lock import locked

ARTEFACTS = (
    *("params.yaml", "reports/metrics.json", "reports/predictions.csv", "reports/report.html", "reports/report.md"),
    *("reports/confusion_matrix.png", "reports/per_class.png", "reports/learning_curves.png", "reports/audit.json"),
)
AT_ONCE = 100  # parameters that MLflow takes in one call
LONGEST = 500  # characters of a parameter that every tracker takes
LOCK = Path("checkpoints/tracking.lock")


@dataclass(frozen=True)
class Run:
    """A run, as a tracker takes it.

    Examples
    --------
    >>> Run("demo svm", {"model.C": "10"}, {"uar": 0.5}, artefacts=()).metrics["uar"]
    0.5
    """

    name: str
    parameters: Mapping[str, str]
    """Dotted name -> value; a list is JSON."""
    metrics: Mapping[str, float]
    artefacts: tuple[Path, ...]


def run_of(config: Mapping[str, Any], metrics: Mapping[str, Any], *, top: Path = Path()) -> Run:
    """Run of a study: its settings, its numbers, and those of its files that exist.

    Parameters
    ----------
    config
        Content of `params.yaml`.
    metrics
        Content of `reports/metrics.json`; entries that are no numbers become parameters.

    Examples
    --------
    >>> config = {"corpus": {"name": "demo"}, "model": {"name": "svm", "C": 10}}
    >>> run = run_of(config, {"uar": 0.5, "uar_low": None, "protocol": "random"})
    >>> run.name, run.metrics, run.parameters["model.C"], run.parameters["protocol"]
    ('demo svm', {'uar': 0.5}, '10', 'random')
    """
    numbers = {
        name: float(value)
        for name, value in metrics.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    others = {name: str(value) for name, value in metrics.items() if name not in numbers and value is not None}
    parameters = {name: text[:LONGEST] for name, text in _flat(config)} | others
    name = f"{config['corpus']['name']} {config['model']['name']}"
    return Run(name, parameters, numbers, tuple(top / path for path in ARTEFACTS if (top / path).is_file()))


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def nowhere(run: Run) -> str:
    """Write the run to no tracker.

    Examples
    --------
    >>> nowhere(Run("demo svm", {}, {}, artefacts=()))
    ''
    """
    return ""


def _to_mlflow(run: Run, *, uri: str, experiment: str) -> str:
    """Write the run to MLflow, and return a line on its place.

    Parameters
    ----------
    uri
        Database or server, as `sqlite:///mlflow.db`.
    experiment
        Name; it is made if there is none.
    """
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name=run.name) as started:
        names = list(run.parameters)
        for first in range(0, len(names), AT_ONCE):
            mlflow.log_params({name: run.parameters[name] for name in names[first : first + AT_ONCE]})
        mlflow.log_metrics(dict(run.metrics))
        for path in run.artefacts:
            mlflow.log_artifact(str(path))
    return f"run {started.info.run_id} of {experiment!r} in MLflow at {uri}"


def _to_wandb(run: Run, *, project: str, mode: Literal["offline", "online"]) -> str:
    """Write the run to Weights & Biases, and return a line on its place.

    Parameters
    ----------
    project
        Name there.
    mode
        offline: into the folder `wandb`, and nothing leaves this machine.
    """
    import wandb

    started = wandb.init(project=project, name=run.name, mode=mode, config=dict(run.parameters))
    started.log(dict(run.metrics))
    files = wandb.Artifact("reports", type="reports")  # has copies, where `save` would link to files of a later run
    for path in run.artefacts:
        files.add_file(str(path), name=path.name)
    started.log_artifact(files)
    place = started.dir
    started.finish()
    return f"run {started.id} of {project!r} of Weights & Biases, {mode}, in {Path(place).parent}"


TRACKERS: Mapping[str, Callable[..., str]] = {"none": nowhere, "mlflow": _to_mlflow, "wandb": _to_wandb}


@extras.named()
def track(run: Run, *, name: str, **settings: Any) -> str:
    """Write the run to the tracker `name`, and return a line on its place; empty for none.

    Relative places are in the project, also if DVC runs the study in a copy that it removes.

    Raises
    ------
    Missing
        If the library of the tracker is not installed.

    Examples
    --------
    >>> track(Run("demo svm", {}, {}, artefacts=()), name="none")
    ''
    """
    if TRACKERS[name] is nowhere:
        return nowhere(run)
    movable = replace(run, artefacts=tuple(path.absolute() for path in run.artefacts))
    with chdir(project.lasting(Path.cwd())):
        LOCK.parent.mkdir(exist_ok=True)
        with locked(LOCK):  # two first runs at once would both make the tables of MLflow, and one would fail
            return TRACKERS[name](movable, **settings)


def check(name: str) -> None:
    """Check, before a study begins, that the library of the tracker `name` is installed.

    Raises
    ------
    Missing
        If it is not.

    Examples
    --------
    >>> check("none")  # no error
    """
    if TRACKERS[name] is not nowhere:
        extras.check(name)
