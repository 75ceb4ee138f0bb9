"""Draw settings with Optuna, evaluate them, and store the results, so that an interrupted search can continue.

References
----------
.. [1] Bergstra, Bardenet, Bengio and Kegl (2011), Algorithms for hyper-parameter optimization, NeurIPS (the sampler).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from ser.core import extras
from ser.tuning import spaces
from ser.tuning.spaces import Space

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import TPESampler
    from optuna.storages import RDBStorage

STORAGE = Path("checkpoints/tune.sqlite")  # beside interrupted training, ignored by Git and DVC
GIVEN = "given"  # names in the database
ERROR = "error"
SECONDS_TO_WAIT = 60.0  # for another process that writes to the database

Settings = Mapping[str, str]
"""Name -> value, in the grammar of overrides; empty for the study's own settings."""


class Unfit(ValueError):
    """The settings do not fit each other or the data; their trial fails, and the search continues.

    Examples
    --------
    >>> print(Unfit("batches of 0; wanted 1 or more"))
    batches of 0; wanted 1 or more
    """


@dataclass(frozen=True)
class Trial:
    """Result of some settings.

    Examples
    --------
    >>> Trial({"model.alpha": "0.1"}, score=0.6).error
    ''
    """

    settings: Settings
    score: float | None
    """Higher is better; None if the trial failed."""
    error: str = ""
    """Reason of the failure."""


def search(
    objective: Callable[[Settings], float],
    space: Space,
    *,
    name: str,
    n_trials: int,
    seed: int,
    timeout: float | None = None,
    storage: Path = STORAGE,
) -> Iterator[list[Trial]]:
    """Evaluate the study's own settings, then up to `n_trials` settings of `space`; stored trials count.

    Parameters
    ----------
    objective
        Score of settings; raises `Unfit` if they do not fit.
    name
        Name of the search in the file `storage`; it must identify all that its trials depend on.
    timeout
        Seconds after which no new trial begins.

    Yields
    ------
    list
        All finished trials, the study's own settings first; at the start and after each new trial.

    Raises
    ------
    ValueError
        If Optuna is not installed, `storage` cannot be used, or another process works on the search.
    """
    begin = monotonic()
    with _opened(storage, name) as study, _alone(storage, name):
        if GIVEN not in study.user_attrs:
            study.set_user_attr(GIVEN, dict(zip(("score", ERROR), _outcome(objective, {}), strict=True)))
        yield (found := finished(study))
        while len(found) <= n_trials and (timeout is None or monotonic() - begin < timeout):
            study.sampler = _sampler(seed, len(found))
            _try_one(study, space, objective)
            yield (found := finished(study))


def _try_one(study: "Study", space: Space, objective: Callable[[Settings], float]) -> None:
    from optuna.trial import TrialState

    trial = study.ask(spaces.distributions(space))
    score, error = _outcome(objective, spaces.settings(trial.params))
    if score is None:
        trial.set_user_attr(ERROR, error)
        study.tell(trial, state=TrialState.PRUNED)  # the sampler ignores FAIL, but learns to avoid pruned trials
    else:
        study.tell(trial, score)


def _outcome(objective: Callable[[Settings], float], settings: Settings) -> tuple[float | None, str]:
    """Score of `settings` and an empty text, or None and the reason of the failure."""
    try:
        return objective(settings), ""
    except Unfit as error:
        return None, str(error)


def finished(study: "Study") -> list[Trial]:
    """Trial of the study's own settings, then all finished trials in order, without interrupted ones.

    Examples
    --------
    >>> import optuna
    >>> study = optuna.create_study(direction="maximize")
    >>> study.set_user_attr(GIVEN, {"score": 0.5, ERROR: ""})
    >>> study.add_trial(optuna.trial.create_trial(value=0.75))
    >>> finished(study)
    [Trial(settings={}, score=0.5, error=''), Trial(settings={}, score=0.75, error='')]
    """
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    given = study.user_attrs[GIVEN]
    found = [Trial(spaces.settings(trial.params), trial.value, trial.user_attrs.get(ERROR, "")) for trial in trials]
    return [Trial({}, given["score"], given[ERROR]), *found]


def _sampler(seed: int, n_finished: int) -> "TPESampler":
    """Sampler of one trial, with a seed of its own.

    The draw depends only on the seed and on the finished trials. So an interrupted search continues with the same
    trials as an uninterrupted one, and a longer search begins with the trials of a shorter one.
    """
    from optuna.samplers import TPESampler

    (own,) = np.random.SeedSequence([seed, n_finished]).generate_state(1)
    return TPESampler(seed=int(own), constant_liar=False)  # it would count interrupted trials as running


@contextmanager
def _alone(storage: Path, name: str) -> Iterator[None]:
    """Keep other processes from the search `name`: its trials of networks share a folder of checkpoints.

    Raises
    ------
    ValueError
        If another process works on it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(storage.with_name(f"{name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(
            f"another process works on this search ({name}); wait for its end, or start one with another --seed"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _opened(storage: Path, name: str) -> "Iterator[Study]":
    """The search `name` in the file `storage`, made if it is new; the database is closed at the end.

    Raises
    ------
    ValueError
        If Optuna is not installed, or `storage` cannot be used.
    """
    try:
        import optuna
    except ImportError as error:
        raise ValueError(f"ser tune needs Optuna, which is not installed; {extras.remedy('tune')}") from error
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage.parent.mkdir(parents=True, exist_ok=True)
    try:
        opened = _storage(storage)
        try:
            yield optuna.create_study(storage=opened, study_name=name, direction="maximize", load_if_exists=True)
        finally:
            opened.remove_session()
            opened.engine.dispose()
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        raise ValueError(_unusable(storage, error)) from error


def _storage(path: Path) -> "RDBStorage":
    from optuna.storages import RDBStorage

    try:
        return RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": SECONDS_TO_WAIT}})
    except RuntimeError as error:  # the tables are from another version of Optuna
        raise ValueError(_unusable(path, error)) from error


def _unusable(storage: Path, error: Exception) -> str:
    reason = str(error).partition("\n")[0]
    return f"{storage} cannot be used ({reason}); if it is damaged, or from another version of Optuna, delete it"
