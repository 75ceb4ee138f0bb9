"""Which settings of a study are searched, and within what, as the files of `conf/tune` say."""

import json
from collections.abc import Collection, Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ser import params
from ser.models import ENSEMBLE, NEURAL

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

FOLDER = "tune"  # of `conf`
OF_NETWORKS = "network"  # for those without a file of their own
SECTIONS = ("model", "training", "balance")
FIXED = ("model", "model.name", "model.representation")  # other studies, with other spaces or other tables
DIGITS = 3  # significant ones of a number: finer differences are noise, and people read the file

Space = Mapping[str, Mapping[str, Any]]
"""Name of a setting -> its `low`, `high` and perhaps `log`, or its `choices`."""


def path_of(model: str, *, conf: Path = params.CONF) -> Path:
    """File of the space of `model`.

    Raises
    ------
    ValueError
        If there is none.
    """
    folder = conf / FOLDER
    path = folder / f"{model}.yaml"
    if path.is_file():
        return path
    if model in NEURAL and (folder / f"{OF_NETWORKS}.yaml").is_file():
        return folder / f"{OF_NETWORKS}.yaml"
    if model == ENSEMBLE:
        raise ValueError(f"model={model} has no settings of its own; tune each member alone, as -S model=svm")
    known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
    raise ValueError(f"model={model} has no search space {path}, only {known} have; write one, or name it by --space")


def read(path: Path, config: Mapping[str, Any], *, fixed: Collection[str] = (), conf: Path = params.CONF) -> Space:
    """The space of the file `path`, without the settings that are `fixed`.

    Parameters
    ----------
    config
        Parameters of the study, which has to have every setting.

    Raises
    ------
    ValueError
        If there is no such file, it is not a space of the study, or everything in it is fixed.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"no file {path}; spaces lie in {conf / FOLDER}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from error
    if not isinstance(content, dict) or not content:
        raise ValueError(f"{path} names no settings; write lines like: model.C: {{low: 0.1, high: 100.0, log: true}}")
    for name, setting in content.items():
        _check(name, setting, config, path, conf)
    set_already = {*fixed, *(name.partition(".")[0] for name in fixed)}  # with one of its settings a group is, too
    space = {name: setting for name, setting in content.items() if name not in set_already}
    if not space:
        raise ValueError(f"-S sets all that {path} searches ({', '.join(content)}); leave one of them out")
    return space


def _check(name: str, setting: Any, config: Mapping[str, Any], path: Path, conf: Path) -> None:
    """Raise a ValueError if `setting` is no range and no choices, or the study has no setting `name`."""
    section, _, _ = str(name).partition(".")
    if section not in SECTIONS or name in FIXED:
        raise ValueError(f"{path} searches {name}; only settings of {', '.join(SECTIONS)} can be searched")
    if not isinstance(setting, dict) or set(setting) not in ({"choices"}, {"low", "high"}, {"low", "high", "log"}):
        raise ValueError(f"{path} has {name}: {setting}; wanted low, high and perhaps log, or choices")
    if name == section:
        files = {file.stem for file in (conf / section).glob("*.yaml")}
        if unknown := [choice for choice in setting.get("choices", [None]) if choice not in files]:
            raise ValueError(f"{path} has {name}: {unknown[0]}; its choices are files: {', '.join(sorted(files))}")
    elif not _has(config, name):
        raise ValueError(f"{path} searches {name}, and the study has no such setting; see conf/{section}")
    if "choices" in setting:
        if not isinstance(setting["choices"], list) or not setting["choices"]:
            raise ValueError(f"{path} has {name}: choices: {setting['choices']}; wanted a list")
        return
    low, high = setting["low"], setting["high"]
    numbers = all(type(bound) in (int, float) and isfinite(bound) for bound in (low, high))
    if not numbers or not low < high or (setting.get("log") and low <= 0):
        raise ValueError(
            f"{path} has {name}: {setting}; wanted numbers, low below high, and above 0 with log (1.0e-3, as YAML takes"
            " 1e-3 for text)"
        )


def _has(config: Any, name: str) -> bool:
    for key in name.split("."):
        if not isinstance(config, dict) or key not in config:
            return False
        config = config[key]
    return True


def distributions(space: Space) -> "dict[str, BaseDistribution]":
    """The space as Optuna's distributions: of choices, the distribution of what stands for them in an override."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, BaseDistribution] = {}
    for name, setting in space.items():
        if "choices" in setting:
            found[name] = CategoricalDistribution([_text(choice) for choice in setting["choices"]])
        else:
            whole = isinstance(setting["low"], int) and isinstance(setting["high"], int)
            kind = IntDistribution if whole else FloatDistribution
            found[name] = kind(setting["low"], setting["high"], log=setting.get("log", False))
    return found


def settings(drawn: Mapping[str, Any]) -> dict[str, str]:
    """Name -> value of what was drawn of a space, as an override says it; numbers in the digits that are evaluated."""
    return {
        name: repr(float(f"{value:.{DIGITS}g}")) if isinstance(value, float) else str(value)
        for name, value in drawn.items()
    }


def _text(choice: Any) -> str:
    """A value of YAML in Hydra's grammar, which takes JSON; of text, the text."""
    return choice if isinstance(choice, str) else json.dumps(choice)
