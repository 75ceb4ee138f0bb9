"""Draw settings by Optuna, evaluate them, and keep what they came to: a search that is killed goes on.

References
----------
.. [1] Bergstra, Bardenet, Bengio and Kegl (2011), Algorithms for hyper-parameter optimization, NeurIPS: the sampler.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from ser.tuning import spaces
from ser.tuning.spaces import Space

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import TPESampler
    from optuna.storages import RDBStorage

STORAGE = Path("checkpoints/tune.sqlite")  # beside interrupted training, unknown to Git and DVC
GIVEN = "given"
ERROR = "error"
SECONDS_TO_WAIT = 60.0  # for another process that writes

Settings = Mapping[str, str]
"""Name -> value, as overrides say them; none: the study as it is."""


class Unfit(ValueError):
    """Settings that do not fit each other or the data: their trial has failed, and the search goes on."""


@dataclass(frozen=True)
class Trial:
    """What some settings came to."""

    settings: Settings
    score: float | None
    """The larger the better; None if it failed."""
    error: str = ""
    """Why it failed."""


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
    """Try the study as it is, then `n_trials` settings of `space`; what was tried before is not tried again.

    Each trial is drawn by a sampler of its own seed, from the finished ones before it: a search that was killed draws
    what one that was not would have, and a longer search begins with the trials of a shorter one.

    Parameters
    ----------
    objective
        Score of settings, or `Unfit`.
    name
        Of the search in the file `storage`: all that its trials depend on.
    timeout
        Seconds after which no trial begins.

    Yields
    ------
    list
        All finished trials, the study as it is before the others; at first, and after each.

    Raises
    ------
    ValueError
        If Optuna is not installed, or `storage` cannot be used.
    """
    begin = monotonic()
    with _opened(storage, name) as study:
        if GIVEN not in study.user_attrs:
            score, error = _outcome(objective, {})
            study.set_user_attr(GIVEN, {"score": score, ERROR: error})
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
        study.tell(trial, state=TrialState.PRUNED)  # and not FAIL, of which the sampler would learn nothing
    else:
        study.tell(trial, score)


def _outcome(objective: Callable[[Settings], float], settings: Settings) -> tuple[float | None, str]:
    """Score of `settings`, or why there is none."""
    try:
        return objective(settings), ""
    except Unfit as error:
        return None, str(error)


def finished(study: "Study") -> list[Trial]:
    """The study as it is, and all finished trials, in their order; one that was killed is none."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    given = study.user_attrs[GIVEN]
    found = [Trial(spaces.settings(trial.params), trial.value, trial.user_attrs.get(ERROR, "")) for trial in trials]
    return [Trial({}, given["score"], given[ERROR]), *found]


def _sampler(seed: int, n_finished: int) -> "TPESampler":
    """The sampler of one trial: one that drew all would begin its random numbers anew after an interruption."""
    from optuna.samplers import TPESampler

    (own,) = np.random.SeedSequence([seed, n_finished]).generate_state(1)
    return TPESampler(seed=int(own), constant_liar=False)  # trials that were killed look as if they were running


@contextmanager
def _opened(storage: Path, name: str) -> "Iterator[Study]":
    """The search `name`, made if there is none; closed at the end.

    Raises
    ------
    ValueError
        If Optuna is not installed, or `storage` cannot be used.
    """
    try:
        import optuna
    except ImportError as error:
        raise ValueError("ser tune needs Optuna: pip install 'ser[tune]'") from error
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
    except RuntimeError as error:  # tables of another version of Optuna
        raise ValueError(_unusable(path, error)) from error


def _unusable(storage: Path, error: Exception) -> str:
    reason = str(error).partition("\n")[0]
    return f"{storage} cannot be used ({reason}); if it is damaged, or of another version of Optuna, delete it"
