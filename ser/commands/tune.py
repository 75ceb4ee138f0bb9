"""`ser tune`: search better settings of a study by its dev UAR, and write them as the file of an experiment."""

import argparse
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ser.core import provenance
from ser.core.arguments import path_of
from ser.core.wording import counted, percent
from ser.params import CONF
from ser.sections import checking
from ser.tuning import experiments, spaces

if TYPE_CHECKING:
    from ser.tuning.objective import Data
    from ser.tuning.search import Settings, Trial
    from ser.tuning.spaces import Space

UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
STAGES = {"yamnet_librosa": "combine"}  # representations that are not made by extract_<representation>
ADDED = "extract_added"  # makes the representation that conf/features adds
NAME = re.compile(r"[A-Za-z0-9_-]+")
N_SHOWN = 5
NOT_BLIND = (
    "note: each speaker is in the test partition of one fold and in the dev partition of another, so this search uses"
    " test speakers; --fold K searches without the test speakers of fold K"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the study, the length of the search, and the file of the result.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> given = parser.parse_args(["-S", "model=mlp", "--trials", "10"])
    >>> given.overrides, given.trials, given.folds
    (['model=mlp'], 10, 5)
    """
    study = parser.add_argument_group("study")
    study.add_argument(
        "-S",
        "--set-param",
        dest="overrides",
        action="append",
        default=[],
        metavar="CHOICE",
        help="as in dvc exp run: -S corpus=ravdess -S model=mlp; a setting given here is not searched",
    )
    study.add_argument("--fold", type=int, metavar="K", help="search without the test speakers of this fold")
    study.add_argument(
        "--folds",
        type=int,
        default=5,
        metavar="N",
        help="folds of the cross-validation within one fold (default: %(default)s)",
    )
    search = parser.add_argument_group("search")
    search.add_argument(
        "--trials",
        type=int,
        default=30,
        metavar="N",
        help="all trials, those of earlier runs included (default: %(default)s)",
    )
    search.add_argument("--timeout", type=float, metavar="SECONDS", help="start no new trial after this time")
    search.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="random seed of the draws (default: %(default)s)",
    )
    search.add_argument("--space", type=path_of, metavar="FILE", help="search space (default: conf/tune/<model>.yaml)")
    result = parser.add_argument_group("result")
    result.add_argument("--name", help="name of the file in conf/experiment (default: tuned_<corpus>_<model>)")
    result.add_argument("--force", action="store_true", help="overwrite a file of another search")


def run(given: argparse.Namespace) -> str:
    """Search, write the best settings, and return a table of the best trials.

    Raises
    ------
    ValueError
        If the study cannot be searched, all trials failed, or the file exists and is not a result of this search.
    """
    _check_options(given)
    config = experiments.composed(given.overrides)
    experiments.check(given.overrides)  # before the search, which may take hours
    checking.check(config)
    space = _space(given, config)
    from ser.tuning import objective as tuning  # takes a second to import

    data = _data(given, config)
    name = tuning.key(data, config, space, seed=given.seed)
    path = _path(given, config, name)
    about = tuning.description(data, config)
    print(about)
    if data.fold is None:
        print(NOT_BLIND)
    trials = _searched(given, data, space, name)
    best = _best(trials)
    comments = [
        f"{_finding(trials, best)}.",
        f"{about}.",
        f"Found by: {_command(given, data)}",
        f"Search: {name}",
    ]
    experiments.write(path, _overrides(given, best.settings), comments)
    return "\n".join([*_table(trials), "", *_failures(trials), *_next(given, path)])


def _check_options(given: argparse.Namespace) -> None:
    for name, least in (("trials", 1), ("seed", 0), ("folds", 3)):
        if getattr(given, name) < least:
            raise ValueError(f"--{name} is {getattr(given, name)}; it must be {least} or more")
    if given.timeout is not None and not given.timeout > 0:
        raise ValueError(f"--timeout is {given.timeout}; it must be above 0 seconds")
    if given.name:
        _check_name(given.name)


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"--name is {name!r}; use only letters, digits, _ and -")


def _space(given: argparse.Namespace, config: dict[str, Any]) -> "Space":
    chosen = experiments.choices(given.overrides)
    path = given.space or spaces.path_of(config["model"]["name"])
    return spaces.read(path, config, fixed={*chosen.groups, *chosen.values})


def _made_by(config: dict[str, Any]) -> str:
    """Stage that writes the features of the model."""
    name = config["representation"]["name"]
    if "adaptation" in config["representation"]:
        return "adapt"
    return ADDED if name == config["features"]["name"] else STAGES.get(name, f"extract_{name}")


def _data(given: argparse.Namespace, config: dict[str, Any]) -> "Data":
    """Data of the search, from tables made with the settings of the study.

    Raises
    ------
    ValueError
        If a table is missing, or was made with other settings.
    """
    from ser.core import tables
    from ser.representation import reading
    from ser.tuning import objective as tuning

    features = Path(config["representation"]["path"])
    stages = ["partition", _made_by(config)]
    remedy = f"make it with: {shlex.join(['dvc', 'exp', 'run', *_choices(given.overrides), *stages])}"
    for path in (UTTERANCES, PARTITIONS, features):
        if not path.exists():
            raise ValueError(f"no {path} here; {remedy}")
        if names := provenance.differing(path, config):
            raise ValueError(f"{path} was made with another {' and '.join(names)} than that of the study; {remedy}")
    if tables.is_unavailable(features):
        raise ValueError(f"{features} is marked unavailable, because no model asked for it; {remedy}")
    return tuning.data(
        tables.read_partitions(PARTITIONS),
        tables.read_utterances(UTTERANCES),
        reading.read(features),
        fold=given.fold,
        n_folds=given.folds,
        seed=config["seed"],
    )


def _path(given: argparse.Namespace, config: dict[str, Any], search: str) -> Path:
    """Path of the file to write.

    Raises
    ------
    ValueError
        If its name is not valid, or the file exists and is not a result of this search.
    """
    name = given.name or f"tuned_{config['corpus']['name']}_{config['model']['name']}"
    _check_name(name)
    path = CONF / experiments.FOLDER / f"{name}.yaml"
    if name == experiments.choices(given.overrides).base:
        raise ValueError(f"the study starts from {path}, which cannot be overwritten; choose another --name")
    if path.exists() and not given.force and search not in path.read_text(encoding="utf-8"):
        raise ValueError(f"{path} exists, and is not a result of this search; choose another --name, or add --force")
    return path


def _searched(given: argparse.Namespace, data: "Data", space: "Space", name: str) -> "list[Trial]":
    """Run the search with a progress bar, and return all trials."""
    from tqdm import tqdm

    from ser.tuning import objective as tuning
    from ser.tuning import search as searching

    def objective(settings: "Settings") -> float:
        try:
            config = experiments.composed(_overrides(given, settings))
        except ValueError as error:
            raise searching.Unfit(str(error)) from error
        return tuning.dev_uar(data, config, run=f"{tuning.RUN}/{name}")

    trials: list[Trial] = []
    search = searching.search(
        objective, space, name=name, n_trials=given.trials, seed=given.seed, timeout=given.timeout
    )
    with tqdm(total=given.trials, desc="tune", unit="trial", disable=None) as bar:
        for found in search:
            if not trials and len(found) > 1:
                bar.write(f"{counted(len(found) - 1, 'trial')} of an earlier run")
            trials = found
            bar.n = len(trials) - 1
            bar.set_postfix({"best": f"{max(trial.score or 0 for trial in trials):.3f}"})
    return trials


def _overrides(given: argparse.Namespace, settings: "Settings") -> list[str]:
    return [*given.overrides, *(f"{name}={value}" for name, value in settings.items())]


def _best(trials: "Sequence[Trial]") -> "Trial":
    scored = [trial for trial in trials if trial.score is not None]
    if not scored:
        raise ValueError(f"all {len(trials)} trials failed; the first: {trials[0].error}")
    return max(scored, key=lambda trial: trial.score or 0)  # the first of equals


def _finding(trials: "Sequence[Trial]", best: "Trial") -> str:
    """Sentence on the result of the search, for the file."""
    given, n_trials = trials[0], len(trials) - 1
    if best is given:
        return f"Unchanged: none of {counted(n_trials, 'trial')} had a higher dev UAR than {_percent(given)} %"
    before = "the unchanged study failed" if given.score is None else f"unchanged {_percent(given)} %"
    return f"Dev UAR {_percent(best)} %, the best of {counted(n_trials, 'trial')}; {before}"


def _percent(trial: "Trial") -> str:
    return percent(trial.score or 0)


def _table(trials: "Sequence[Trial]") -> list[str]:
    """Lines of the best trials and of the unchanged study."""
    ranked = sorted(
        (number for number, trial in enumerate(trials) if trial.score is not None),
        key=lambda number: -(trials[number].score or 0),
    )
    shown = [*ranked[:N_SHOWN], *(number for number in ranked[N_SHOWN:] if number == 0)]
    lines = [f"{number:5}  {_percent(trials[number]):>10}  {_shown(trials[number])}" for number in shown]
    return ["trial  dev UAR, %  settings", *lines]


def _shown(trial: "Trial") -> str:
    return " ".join(f"{name}={value}" for name, value in trial.settings.items()) or "unchanged"


def _failures(trials: "Sequence[Trial]") -> list[str]:
    failed = [trial for trial in trials if trial.score is None]
    if not failed:
        return []
    return [f"{len(failed)} of {len(trials)} failed; the first ({_shown(failed[0])}): {failed[0].error}"]


def _choices(overrides: Sequence[str]) -> list[str]:
    return [word for override in overrides for word in ("-S", override)]


def _command(given: argparse.Namespace, data: "Data") -> str:
    """Command of this search, without the place of the corpus."""
    overrides = [override for override in given.overrides if not override.startswith(f"{experiments.PLACE}=")]
    folds = {} if data.fold is None else {"--fold": data.fold, "--folds": given.folds}
    numbers = {**folds, "--seed": given.seed, "--space": given.space}
    options = [word for name, value in numbers.items() if value is not None for word in (name, str(value))]
    return shlex.join(["ser", "tune", *_choices(overrides), *options])


def _next(given: argparse.Namespace, path: Path) -> list[str]:
    place = [override for override in given.overrides if override.startswith(f"{experiments.PLACE}=")]
    command = shlex.join(["dvc", "exp", "run", *_choices([f"{experiments.FOLDER}={path.stem}", *place])])
    return [f"written: {path}", f"run it with: {command}"]
