"""Compose `conf/` into `params.yaml`, as `dvc exp run` does."""

import argparse
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from ser.core import files, project
from ser.core.arguments import output_file_of
from ser.core.overrides import KEY, exp_run_option, how_to_set
from ser.core.params_file import PARAMS
from ser.core.wording import guess

CONF = Path("conf")
UNKNOWN = re.compile(r"Could not override '([^']+)'")  # message of Hydra


def compose(overrides: list[str], *, conf: Path = CONF, path: Path = PARAMS) -> None:
    """Compose `conf` with Hydra `overrides` and write the result to `path`.

    DVC's own function composes, so the file is the same, byte for byte, as the one of `dvc exp run`.

    Raises
    ------
    ValueError
        If there is no `conf`, or it does not compose, for example because an override names an unknown group or key.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     conf, path = Path(folder, "conf"), Path(folder, "params.yaml")
    ...     files.write_text(conf / "config.yaml", "seed: 0\\n")
    ...     compose(["seed=1"], conf=conf, path=path)
    ...     print(path.read_text(), end="")
    seed: 1
    """
    from dvc.utils.hydra import compose_and_dump  # slow to import, and stages do not compose
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    if not conf.is_dir():
        raise ValueError(f"no folder {conf} here; go to the folder of the project")
    try:
        with files.replacing(path) as temporary:
            compose_and_dump(str(temporary), str(conf.resolve()), None, "config", "", overrides)
    except (HydraException, OmegaConfBaseException) as error:
        reason = f"{_reason(error, conf, overrides)}{_quoted(error)}"
        raise ValueError(f"{conf} does not compose with {' '.join(overrides)}: {reason}") from error


def _reason(error: Exception, conf: Path, overrides: Iterable[str]) -> str:
    """Reason in one line with the nearest name, where Hydra has many lines or suggests to add a setting."""
    if choices := getattr(error, "options", None):
        group, _, choice = str(vars(error)["missing_cfg_file"]).rpartition("/")
        return f"there is no {conf.name}/{group}/{choice}.yaml; {_near(choice, choices)}"
    if found := UNKNOWN.match(str(error)):
        group, _, setting = found[1].partition(".")
        if setting and (conf / group).is_dir():
            known = f"its settings are those of the chosen file of {conf.name}/{group}"
            return f"{group} has no setting {setting}; {known}{_entry(found[1], overrides)}"
        groups = (one.name for one in conf.iterdir() if one.is_dir())
        return f"there is no group or setting {group}; {_near(group, ('seed', 'extract', *groups))}"
    if "=" not in str(getattr(error, "override", "=")):
        return "wanted group=choice or setting=value, as model=mlp or seed=1"
    return str(error)


def _entry(name: str, overrides: Iterable[str]) -> str:
    """Remedy for an entry that a mapping, such as `labels.actions`, does not have yet; empty for other settings."""
    mapping = name.rpartition(".")[0]
    given = next((one for one in overrides if one.startswith(f"{name}=")), None)
    return f"; to add an entry to {mapping}, write +{given}" if "." in mapping and given else ""


def _near(name: str, known: Iterable[str]) -> str:
    """The nearest name, if one is near, and all names."""
    names = sorted(known)
    return f"{guess(name, names)}it is one of {', '.join(names)}"


def _quoted(error: Exception) -> str:
    """Remedy for an override whose name or value Hydra cannot read: a line of a file, or quotes."""
    name, _, value = str(getattr(error, "override", "")).partition("=")
    if not (name and value):
        return ""
    setting, _, key = name.lstrip("+").rpartition(".")
    if setting and not KEY.fullmatch(key):
        file = f"the chosen file of conf/{setting.partition('.')[0]}"
        return f"; Hydra reads no such name: {how_to_set(key, value=value, setting=setting, file=file)}"
    value = str(Path(value).expanduser()) if value.startswith("~") else value  # which DVC would not do
    return f"; quote the value, for Hydra and for the shell: {exp_run_option(name, value).removeprefix('-S ')}"


def main(arguments: list[str]) -> None:
    """Compose `params.yaml`, or the file given by `--to`, with Hydra overrides."""
    parser = argparse.ArgumentParser(prog="python -m ser.params", description=main.__doc__)
    parser.add_argument(
        "overrides", nargs="*", metavar="group=choice", help="Hydra overrides, for example model=mlp seed=1"
    )
    parser.add_argument("--to", type=output_file_of, default=PARAMS, metavar="FILE")
    given = parser.parse_intermixed_args(arguments)
    try:
        compose(given.overrides, path=given.to)
    except ValueError as invalid:
        sys.exit(f"error: {invalid}{project.hint()}")
    back = f"git checkout {shlex.quote(str(given.to))}"
    print(f"wrote {given.to}; the version that is committed, if there is one, comes back with: {back}")


if __name__ == "__main__":
    main(sys.argv[1:])
