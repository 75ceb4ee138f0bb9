"""Compose `conf/` into `params.yaml`, as `dvc exp run` does."""

import argparse
import shlex
import sys
from pathlib import Path

from ser.core import files, project
from ser.core.arguments import path_of
from ser.core.overrides import KEY, exp_run_option, how_to_set
from ser.core.params_file import PARAMS

CONF = Path("conf")


def compose(overrides: list[str], *, conf: Path = CONF, path: Path = PARAMS) -> None:
    """Compose `conf` with Hydra `overrides` and write the result to `path`.

    DVC's own function composes, so the file is the same, byte for byte, as the one of `dvc exp run`.

    Raises
    ------
    ValueError
        If `conf` does not compose, for example because an override names an unknown group or key.

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

    try:
        with files.replacing(path) as temporary:
            compose_and_dump(str(temporary), str(conf.resolve()), None, "config", "", overrides)
    except (HydraException, OmegaConfBaseException) as error:
        raise ValueError(f"{conf} does not compose with {' '.join(overrides)}: {error}{_quoted(error)}") from error


def _quoted(error: Exception) -> str:
    """Remedy for an override whose name or value Hydra cannot read: a line of a file, or quotes."""
    name, _, value = str(getattr(error, "override", "")).partition("=")
    if not (name and value):
        return ""
    setting, _, key = name.lstrip("+").rpartition(".")
    if setting and not KEY.fullmatch(key):
        file = f"the chosen file of conf/{setting.partition('.')[0]}"
        return f"; Hydra reads no such name: {how_to_set(key, value, setting=setting, file=file)}"
    value = str(Path(value).expanduser()) if value.startswith("~") else value  # which DVC would not do
    return f"; quote the value, for Hydra and for the shell: {exp_run_option(name, value).removeprefix('-S ')}"


def main(arguments: list[str]) -> None:
    """Compose `params.yaml`, or the file given by `--to`, with Hydra overrides."""
    parser = argparse.ArgumentParser(prog="python -m ser.params", description=main.__doc__)
    parser.add_argument(
        "overrides", nargs="*", metavar="group=choice", help="Hydra overrides, for example model=mlp seed=1"
    )
    parser.add_argument("--to", type=path_of, default=PARAMS, metavar="FILE")
    given = parser.parse_intermixed_args(arguments)
    try:
        compose(given.overrides, path=given.to)
    except ValueError as invalid:
        sys.exit(f"error: {invalid}{project.hint()}")
    print(f"wrote {given.to}; the committed one comes back with: git checkout {shlex.quote(str(given.to))}")


if __name__ == "__main__":
    main(sys.argv[1:])
