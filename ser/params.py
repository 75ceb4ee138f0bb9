"""Compose `conf/` into `params.yaml`, as `dvc exp run` does, and read sections of that file."""

import argparse
import sys
from pathlib import Path
from string import Template
from typing import Any

import yaml

from ser.core import files

PARAMS = Path("params.yaml")
CONF = Path("conf")


def load(*sections: str, path: Path = PARAMS, **item: str) -> dict[str, Any]:
    """Read sections of the composed parameters; a dotted name selects a single value.

    Parameters
    ----------
    item
        Values that replace `${name}` in the names of sections, as in a `foreach` stage.

    Raises
    ------
    ValueError
        If the file or a section is missing.
    """
    if not path.exists():
        raise ValueError(f"{path} does not exist; compose it with: python -m ser.params")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = [Template(section).substitute(item) for section in sections]
    return {name: _value(content, name, path) for name in names}


def _value(content: Any, section: str, path: Path) -> Any:
    for key in section.split("."):
        if not isinstance(content, dict) or key not in content:
            raise ValueError(f"{path} has no {section}; compose it again with: python -m ser.params")
        content = content[key]
    return content


def compose(overrides: list[str], *, conf: Path = CONF, path: Path = PARAMS) -> None:
    """Compose `conf` with Hydra `overrides` and write the result to `path`.

    DVC's own function composes, so the file is the same, byte for byte, as the one of `dvc exp run`.

    Raises
    ------
    ValueError
        If `conf` does not compose, for example because an override names an unknown group or key.
    """
    from dvc.utils.hydra import compose_and_dump  # slow to import, and stages do not compose
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        with files.replacing(path) as temporary:
            compose_and_dump(str(temporary), str(conf.resolve()), None, "config", "", overrides)
    except (HydraException, OmegaConfBaseException) as error:
        raise ValueError(f"{conf} does not compose with {' '.join(overrides)}: {error}") from error


def main(arguments: list[str]) -> None:
    """Compose `params.yaml`, or the file given by `--to`, with Hydra overrides."""
    parser = argparse.ArgumentParser(prog="python -m ser.params", description=main.__doc__)
    parser.add_argument(
        "overrides", nargs="*", metavar="group=choice", help="Hydra overrides, for example model=mlp seed=1"
    )
    parser.add_argument("--to", type=Path, default=PARAMS, metavar="FILE")
    given = parser.parse_intermixed_args(arguments)
    try:
        compose(given.overrides, path=given.to)
    except ValueError as invalid:
        sys.exit(f"error: {invalid}")


if __name__ == "__main__":
    main(sys.argv[1:])
