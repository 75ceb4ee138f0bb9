"""Compose `conf/` into `params.yaml`, as `dvc exp run` does, and load sections of it."""

import sys
from pathlib import Path
from typing import Any

import yaml

from ser import files

PARAMS = Path("params.yaml")
CONF = Path("conf")


def load(*sections: str, path: Path = PARAMS) -> dict[str, Any]:
    """Read sections, or single values by dotted name, of the composed parameters.

    Raises
    ------
    ValueError
        If one is missing.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return {section: _value(content, section) for section in sections}
    except (KeyError, TypeError):
        raise ValueError(f"{path} lacks one of {sections}; compose it again with: python -m ser.params") from None


def _value(content: Any, section: str) -> Any:
    for key in section.split("."):
        content = content[key]
    return content


def compose(overrides: list[str], *, conf: Path = CONF, path: Path = PARAMS) -> None:
    """Write `path` from `conf` and Hydra `overrides`, with DVC's own composition, so that both agree to the byte."""
    from dvc.utils.hydra import compose_and_dump  # slow to import, and no stage composes

    with files.replacing(path) as temporary:
        compose_and_dump(str(temporary), str(conf.resolve()), None, "config", "", overrides)


if __name__ == "__main__":
    compose(sys.argv[1:])
