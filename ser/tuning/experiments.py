"""Studies as Hydra overrides: compose them into parameters, and write them as a file of `conf/experiment`."""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any

import yaml

from ser import params
from ser.core import files, yaml_text
from ser.core.params_file import PARAMS

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

FOLDER = "experiment"  # in `conf`
PLACE = "corpus.root"  # depends on the machine, so files of experiments leave it out


@dataclass(frozen=True)
class Choices:
    """Choices of overrides, by kind.

    Examples
    --------
    >>> Choices(None, {"model": "mlp"}, {"model.alpha": 0.1}).groups
    {'model': 'mlp'}
    """

    base: str | None
    """Experiment from which the study starts."""
    groups: Mapping[str, str]
    """Group -> file."""
    values: Mapping[str, Any]
    """Dotted name -> value."""


def composed(overrides: list[str], *, conf: Path = params.CONF) -> dict[str, Any]:
    """Parameters of a study, composed from `overrides` as by `dvc exp run -S`.

    Raises
    ------
    ValueError
        If there is no `conf`, or it lacks a name in an override.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files.write_text(Path(folder, "config.yaml"), "seed: 0\\nmodel: {name: svm}\\n")
    ...     composed(["seed=1"], conf=Path(folder))
    {'seed': 1, 'model': {'name': 'svm'}}
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PARAMS.name
        params.compose(overrides, conf=conf, path=path)
        content: dict[str, Any] = yaml_text.loaded(path.read_text(encoding="utf-8"))
    return content


def choices(overrides: Iterable[str], *, conf: Path = params.CONF) -> Choices:
    """Choices of `overrides`, with values as Hydra parses them.

    Raises
    ------
    ValueError
        If an override is not valid, or cannot be written to a file: a sweep, a deletion, a package.

    Examples
    --------
    >>> choices(["model=mlp", "model.alpha=0.1"])
    Choices(base=None, groups={'model': 'mlp'}, values={'model.alpha': 0.1})
    """
    base, groups, values = None, {}, {}
    for override in _parsed(overrides):
        name = override.key_or_group
        if override.is_sweep_override() or override.is_delete() or override.package is not None:
            raise ValueError(
                f"{override.input_line} cannot be written to the file of an experiment; give one value or file"
            )
        if name == FOLDER:
            base = str(override.value())
        elif (conf / name).is_dir():
            groups[name] = str(override.value())
        else:
            values[name] = override.value()
    return Choices(base, groups, values)


def _parsed(overrides: Iterable[str]) -> "list[Override]":
    from hydra.core.override_parser.overrides_parser import OverridesParser  # slow to import
    from hydra.errors import HydraException

    parser, parsed = OverridesParser.create(), []
    for override in overrides:
        try:
            parsed.append(parser.parse_override(override))
        except HydraException as error:
            reason = str(error).partition("\n")[0]
            raise ValueError(f"{override!r} is not a setting ({reason}); write it as model=mlp or model.C=1") from error
    return parsed


def text(overrides: list[str], comments: Iterable[str], *, conf: Path = params.CONF) -> str:
    """Content of the file of an experiment with the same choices as `overrides`, without the place of the corpus.

    Raises
    ------
    ValueError
        If an override cannot be written to a file.

    Examples
    --------
    >>> print(text(["model=mlp", "model.alpha=0.1"], ["Dev UAR 70.0 %"]), end="")
    # @package _global_
    # Dev UAR 70.0 %
    defaults:
    - override /model: mlp
    model:
      alpha: 0.1
    """
    chosen = choices(overrides, conf=conf)
    nested: dict[str, Any] = {}
    for name, value in chosen.values.items():
        if name != PLACE:
            *above, last = name.split(".")
            section = nested
            for key in above:
                section = section.setdefault(key, {})
            section[last] = value
    defaults: list[Any] = [chosen.base, "_self_"] if chosen.base else []
    defaults += [{f"override /{group}": file} for group, file in chosen.groups.items()]
    content = {"defaults": defaults, **nested} if defaults else nested
    lines = ["# @package _global_", *(f"# {comment}" for comment in comments)]
    return "\n".join([*lines, yaml.safe_dump(content, sort_keys=False, allow_unicode=True)])


def write(path: Path, overrides: list[str], comments: Iterable[str], *, conf: Path = params.CONF) -> None:
    """Write the file of an experiment with the same choices as `overrides`.

    Raises
    ------
    ValueError
        If the file would not compose to the same parameters.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     conf, path = Path(folder, "conf"), Path(folder, "best.yaml")
    ...     defaults = "defaults: [_self_, {experiment: null}]\\n"
    ...     files.write_text(conf / "config.yaml", f"{defaults}corpus: {{root: data}}\\nseed: 0\\n")
    ...     write(path, ["seed=1"], ["Dev UAR 70.0 %"], conf=conf)
    ...     print(path.read_text(), end="")
    # @package _global_
    # Dev UAR 70.0 %
    seed: 1
    """
    check(overrides, conf=conf)
    files.write_text(path, text(overrides, comments, conf=conf))


def check(overrides: list[str], *, conf: Path = params.CONF) -> None:
    """Check that the file of an experiment composes to the same parameters as `overrides`.

    Raises
    ------
    ValueError
        If an override cannot be written to a file, or the file composes to other parameters.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     defaults = "defaults: [_self_, {experiment: null}]\\n"
    ...     files.write_text(Path(folder, "config.yaml"), f"{defaults}corpus: {{root: data}}\\nseed: 0\\n")
    ...     check(["seed=1"], conf=Path(folder))
    """
    wanted = composed(overrides, conf=conf)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / conf.name
        copytree(conf, copy)
        name = "being_checked"
        (copy / FOLDER).mkdir(exist_ok=True)
        (copy / FOLDER / f"{name}.yaml").write_text(text(overrides, [], conf=conf), encoding="utf-8")
        found = composed([f"{FOLDER}={name}"], conf=copy)
    if _without_place(found) != _without_place(wanted):
        raise ValueError(
            f"a file with {' '.join(overrides)} would be another study; give the groups (model=…, balance=…) before"
            " single values, and each of them once"
        )


def _without_place(content: Mapping[str, Any]) -> dict[str, Any]:
    section, _, name = PLACE.partition(".")
    return {**content, section: {key: value for key, value in content[section].items() if key != name}}
