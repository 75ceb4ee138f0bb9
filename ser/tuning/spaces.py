"""Search spaces: the settings of a study that are searched, and their ranges, from the files of `conf/tune`."""

from collections.abc import Collection, Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ser import params
from ser.core.overrides import hydra_text
from ser.models import ENSEMBLE, NEURAL

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

FOLDER = "tune"  # in `conf`
OF_NETWORKS = "network"  # file for networks without their own
SECTIONS = ("model", "training", "balance")
FIXED = ("model", "model.name", "model.representation")  # changing these needs another space or other features
DIGITS = 3  # significant digits; finer differences are noise, and people read the file

Space = Mapping[str, Mapping[str, Any]]
"""Name of a setting -> its `low`, `high` and optional `log`, or its `choices`."""


def path_of(model: str, *, conf: Path = params.CONF) -> Path:
    """File with the search space of `model`.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> path_of("svm").as_posix()
    'conf/tune/svm.yaml'
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
    raise ValueError(
        f"model={model} has no search space {path}, only {known} have one; write the file, or give another by --space"
    )


def read(path: Path, config: Mapping[str, Any], *, fixed: Collection[str] = (), conf: Path = params.CONF) -> Space:
    """Search space in the file `path`, without the settings that are `fixed`.

    Parameters
    ----------
    config
        Parameters of the study; they must contain every setting of the space.
    fixed
        Names of settings and groups that the command line sets.

    Raises
    ------
    ValueError
        If there is no such file, it is not a space of the study, or all its settings are fixed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "svm.yaml")
    ...     _ = path.write_text("model.C: {low: 0.1, high: 10.0, log: true}\\n")
    ...     read(path, {"model": {"name": "svm", "C": 1.0}})
    {'model.C': {'low': 0.1, 'high': 10.0, 'log': True}}
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"no file {path}; search spaces are in {conf / FOLDER}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from error
    if not isinstance(content, dict) or not content:
        raise ValueError(f"{path} has no settings; write lines like: model.C: {{low: 0.1, high: 100.0, log: true}}")
    for name, setting in content.items():
        _check(name, setting, config, path, conf)
    set_already = {*fixed, *(name.partition(".")[0] for name in fixed)}  # a group is fixed with any of its settings
    space = {name: setting for name, setting in content.items() if name not in set_already}
    if not space:
        raise ValueError(
            f"-S sets all settings of {path} ({', '.join(content)}), so none is left to search; remove one -S"
        )
    return space


def _check(name: str, setting: Any, config: Mapping[str, Any], path: Path, conf: Path) -> None:
    """Check that the study has the setting `name`, and that `setting` is a range or choices.

    Raises
    ------
    ValueError
        If not.
    """
    section, _, _ = str(name).partition(".")
    if section not in SECTIONS or name in FIXED:
        raise ValueError(f"{path} searches {name}; only settings of {', '.join(SECTIONS)} can be searched")
    if not isinstance(setting, dict) or set(setting) not in ({"choices"}, {"low", "high"}, {"low", "high", "log"}):
        raise ValueError(f"{path} has {name}: {setting}; wanted low, high and optional log, or choices")
    if "choices" in setting and (not isinstance(setting["choices"], list) or not setting["choices"]):
        raise ValueError(f"{path} has {name}: choices: {setting['choices']}; wanted a list")
    if name == section:
        files = sorted(file.stem for file in (conf / section).glob("*.yaml"))
        if unknown := [choice for choice in setting.get("choices", [setting]) if choice not in files]:
            raise ValueError(f"{path} has {name}: {unknown[0]}; its choices are the files {', '.join(files)}")
    elif not _has(config, name):
        raise ValueError(f"{path} searches {name}, but the study has no such setting; see conf/{section}")
    if "choices" in setting:
        return
    low, high = setting["low"], setting["high"]
    numbers = all(type(bound) in (int, float) and isfinite(bound) for bound in (low, high))
    if not numbers or not low < high or (setting.get("log") and low <= 0):
        raise ValueError(
            f"{path} has {name}: {setting}; wanted numbers, low below high, and above 0 with log (write 1.0e-3, because"
            " YAML reads 1e-3 as text)"
        )


def _has(config: Any, name: str) -> bool:
    for key in name.split("."):
        if not isinstance(config, dict) or key not in config:
            return False
        config = config[key]
    return True


def distributions(space: Space) -> "dict[str, BaseDistribution]":
    """Space as Optuna's distributions; choices are in the grammar of overrides.

    Examples
    --------
    >>> distributions({"model.alpha": {"low": 1.0, "high": 10.0}, "training.refit": {"choices": [True, False]}})
    {'model.alpha': FloatDistribution(high=10.0, log=False, low=1.0, step=None), \
'training.refit': CategoricalDistribution(choices=('true', 'false'))}
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, BaseDistribution] = {}
    for name, setting in space.items():
        if "choices" in setting:
            found[name] = CategoricalDistribution([hydra_text(choice) for choice in setting["choices"]])
        else:
            whole = isinstance(setting["low"], int) and isinstance(setting["high"], int)
            kind = IntDistribution if whole else FloatDistribution
            found[name] = kind(setting["low"], setting["high"], log=setting.get("log", False))
    return found


def settings(drawn: Mapping[str, Any]) -> dict[str, str]:
    """Name -> drawn value in the grammar of overrides; numbers have three significant digits.

    Examples
    --------
    >>> settings({"model.C": 12.34567, "model.n": 3, "balance": "none"})
    {'model.C': '12.3', 'model.n': '3', 'balance': 'none'}
    """
    return {
        name: repr(float(f"{value:.{DIGITS}g}")) if isinstance(value, float) else str(value)
        for name, value in drawn.items()
    }
