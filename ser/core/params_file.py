"""Sections of `params.yaml`, the composed parameters of a study."""

from pathlib import Path
from string import Template
from typing import Any

import yaml

from ser.core import yaml_text

PARAMS = Path("params.yaml")


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

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "params.yaml")
    ...     _ = path.write_text("seed: 1\\nmodel: {name: svm, C: 10}\\n")
    ...     load("seed", "model.C", path=path)
    {'seed': 1, 'model.C': 10}
    """
    content = everything(path)
    names = [Template(section).substitute(item) for section in sections]
    return {name: _value(content, name, path) for name in names}


def everything(path: Path = PARAMS) -> Any:
    """Read all sections.

    Raises
    ------
    ValueError
        If there is no file, or it is no YAML, as after a merge with conflicts.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "params.yaml")
    ...     _ = path.write_text("seed: 1\\nmodel: {name: svm, C: 10}\\n")
    ...     everything(path)
    {'seed': 1, 'model': {'name': 'svm', 'C': 10}}
    """
    if not path.exists():
        raise ValueError(f"{path} does not exist; compose it with: python -m ser.params")
    try:
        return yaml_text.loaded(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} is no YAML ({reason}); compose it again with: python -m ser.params") from None


def _value(content: Any, section: str, path: Path) -> Any:
    for key in section.split("."):
        if not isinstance(content, dict) or key not in content:
            raise ValueError(f"{path} has no {section}; compose it again with: python -m ser.params")
        content = content[key]
    return content
