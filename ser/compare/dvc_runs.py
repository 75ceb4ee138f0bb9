"""Runs that DVC has recorded: the workspace, and experiments that are done, queued, running or failed."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ser.core import git
from ser.core.params_file import PARAMS

if TYPE_CHECKING:
    from dvc.repo import Repo

WORKSPACE: Final = "workspace"
METRICS: Final = Path("reports/metrics.json")
LOCK: Final = Path("dvc.lock")
EVALUATE: Final = "evaluate"  # the stage that writes the metrics
DONE, NOT_EVALUATED, QUEUED, RUNNING, FAILED = "done", "not evaluated", "queued", "running", "failed"
NO_GIT: Final = "is not a git repository"  # in DVC's message
Reader = Callable[[Path], bytes]  # content of a file of a run; empty if the run has no such file


@dataclass(frozen=True)
class Run:
    """One run and the settings of its study.

    Examples
    --------
    >>> Run("mine", "done", {"model": {"name": "mlp"}}, {"uar": 0.5}).metrics["uar"]
    0.5
    """

    name: str
    state: str
    """`done`, `not evaluated`, `queued`, `running` or `failed`."""
    settings: Mapping[str, Any]
    """Content of `params.yaml`; empty if the run has none."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Content of `reports/metrics.json`; empty unless the state is `done`."""
    date: datetime | None = None
    """Time of its commit; None for the workspace."""


@dataclass(frozen=True)
class Listing:
    """The runs of a project.

    Examples
    --------
    >>> listed = Listing(Path("."), [Run("workspace", "not evaluated", {})], n_left_out=2)
    >>> [run.name for run in listed.runs]
    ['workspace']
    """

    folder: Path
    """Root of the DVC repository."""
    runs: list[Run]
    """The workspace, then the experiments, newest first."""
    n_left_out: int
    """Number of experiments that started from other commits and are not listed."""


def listing(*, all_commits: bool = False) -> Listing:
    """Read the runs of the DVC repository that contains the current folder.

    Only `params.yaml`, `dvc.lock` and `reports/metrics.json` of each run are read, from Git:
    `dvc exp show` collects every dependency too, which takes seconds for each new experiment.

    Parameters
    ----------
    all_commits
        List the experiments that started from any commit, and not only from the current one.

    Raises
    ------
    ValueError
        If there is no DVC repository or no commit, or DVC cannot read its experiments.
    """
    from dvc.exceptions import DvcException, NotDvcRepoError  # slow to import
    from dvc.repo import Repo
    from dvc.scm import Git, SCMError

    try:
        with Repo() as repo:
            if not isinstance(repo.scm, Git) or repo.scm.no_commits:
                raise ValueError("DVC records experiments in Git, and Git has no commit here; make one: git commit")
            head = None if all_commits else repo.scm.get_rev()
            found = [*_recorded(repo, head), *_of_queue(repo, head)]
            found.sort(key=lambda run: str(run.date), reverse=True)
            folder = Path(repo.root_dir)
            workspace = run_of(WORKSPACE, lambda path: _content(folder / path))
            return Listing(folder, [workspace, *found], _n_refs(repo, None) - _n_refs(repo, head))
    except NotDvcRepoError as error:
        raise ValueError("this folder is not in a DVC repository; go to the folder of the project") from error
    except (DvcException, SCMError) as error:
        if NO_GIT in str(error):
            raise ValueError(git.not_a_repository(str(error).partition(f" {NO_GIT}")[0])) from error
        raise ValueError(f"DVC cannot read its experiments ({error}); dvc exp show may state more") from error


def _refs(repo: "Repo", baseline: str | None) -> Iterator[tuple[str, str]]:
    """Name and revision of each successful experiment that started from `baseline`, or from any commit if None."""
    from dvc.repo.experiments.utils import exp_refs_by_baseline

    for refs in exp_refs_by_baseline(repo.scm, None if baseline is None else {baseline}).values():
        for ref in refs:
            if revision := repo.scm.get_ref(str(ref)):
                yield ref.name, revision


def _n_refs(repo: "Repo", baseline: str | None) -> int:
    return sum(1 for _ in _refs(repo, baseline))


def _recorded(repo: "Repo", baseline: str | None) -> Iterator[Run]:
    for name, revision in _refs(repo, baseline):
        yield run_of(name, _reader(repo, revision), date=_date(repo, revision))


def _of_queue(repo: "Repo", baseline: str | None) -> Iterator[Run]:
    """Runs that are running outside the workspace, wait in the queue, or failed there."""
    if not any((Path(repo.tmp_dir) / "exps" / "celery").rglob("*.msg")):
        return  # there was never a queue, and its libraries take half a second to import
    temporary, queue = repo.experiments.tempdir_queue, repo.experiments.celery_queue
    states = {
        RUNNING: chain(temporary.iter_active(), queue.iter_active()),
        QUEUED: queue.iter_queued(),
        FAILED: (entry for entry, _ in queue.iter_failed()),
    }
    for state, entries in states.items():
        for entry in entries:
            if baseline in (None, entry.baseline_rev):
                reader, date = _reader(repo, entry.stash_rev), _date(repo, entry.stash_rev)
                yield run_of(entry.name or entry.stash_rev[:7], reader, date=date, state=state)


def _reader(repo: "Repo", revision: str) -> Reader:
    """Reader of the files of a Git revision."""
    tree = repo.scm.get_fs(revision)
    inside = Path(repo.root_dir).resolve().relative_to(Path(repo.scm.root_dir).resolve())

    def read(path: Path) -> bytes:
        name = (inside / path).as_posix()
        if not tree.exists(name):
            return b""
        with tree.open(name, mode="rb") as source:
            return bytes(source.read())

    return read


def _date(repo: "Repo", revision: str) -> datetime:
    return datetime.fromtimestamp(repo.scm.resolve_commit(revision).commit_time)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def run_of(name: str, read: Reader, *, date: datetime | None = None, state: str = "") -> Run:
    """Run whose files `read` returns.

    Metrics that other settings produced are left out: a run that stopped before the stage `evaluate` still contains
    the metrics of the run before.

    Parameters
    ----------
    state
        State of a run that is in DVC's queue.

    Raises
    ------
    ValueError
        If a file of the run cannot be parsed.

    Examples
    --------
    >>> files = {Path("params.yaml"): b"seed: 1"}
    >>> run = run_of("mine", lambda path: files.get(path, b""))
    >>> run.state, run.settings
    ('not evaluated', {'seed': 1})
    """
    from dvc.utils.serialize import ParseError

    try:
        settings = _parsed(PARAMS, read)
        if state:
            return Run(name, state, settings, date=date)
        metrics = json.loads(read(METRICS) or b"{}")
        if metrics and is_evaluated(settings, _parsed(LOCK, read)):
            return Run(name, DONE, settings, metrics, date)
    except (ParseError, json.JSONDecodeError) as error:
        raise ValueError(f"a file of the run {name} cannot be parsed: {error}; restore it: git checkout") from error
    return Run(name, NOT_EVALUATED, settings, date=date)


def _parsed(path: Path, read: Reader) -> Any:
    """Content of a YAML file as DVC reads it: 1e-06 is a number in YAML 1.2, and text in the 1.1 of PyYAML."""
    from dvc.utils.serialize import parse_yaml

    return parse_yaml(read(path).decode("utf-8"), path)


def is_evaluated(settings: Mapping[str, Any], lock: Mapping[str, Any]) -> bool:
    """True if the stage `evaluate` and the stages that it depends on last ran with `settings`.

    Parameters
    ----------
    settings
        Content of `params.yaml`.
    lock
        Content of `dvc.lock`.

    Examples
    --------
    >>> lock = {"stages": {"evaluate": {"params": {"params.yaml": {"model.name": "svm"}}}}}
    >>> is_evaluated({"model": {"name": "svm"}}, lock), is_evaluated({"model": {"name": "mlp"}}, lock)
    (True, False)
    """
    stages = lock.get("stages", {})
    if EVALUATE not in stages:
        return False
    return all(
        _value(settings, name, default=value) == value
        for stage in _upstream(stages, EVALUATE)
        for name, value in stages[stage].get("params", {}).get(PARAMS.name, {}).items()
    )


def _value(settings: Mapping[str, Any], name: str, *, default: Any) -> Any:
    """Value by dotted name; `default` if there is none, as for a member that the ensemble no longer has."""
    value: Any = settings
    for key in name.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return default
        value = value[key]
    return value


def _upstream(stages: Mapping[str, Any], last: str) -> set[str]:
    """Names of the stages of a lock file that `last` depends on, itself included."""
    found, waiting = {last}, [last]
    while waiting:
        read = _paths(stages[waiting.pop()], "deps")
        new = {
            name
            for name, stage in stages.items()
            if name not in found and any(_overlap(a, b) for a in read for b in _paths(stage, "outs"))
        }
        found |= new
        waiting += new
    return found


def _paths(stage: Mapping[str, Any], kind: str) -> list[str]:
    return [entry["path"] for entry in stage.get(kind, ())]


def _overlap(a: str, b: str) -> bool:
    """True if two paths are equal, or one is a folder that contains the other."""
    return a == b or a.startswith(f"{b}/") or b.startswith(f"{a}/")
