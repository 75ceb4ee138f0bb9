"""Registries that find their entries by themselves: each entry is a file with the name of the entry."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

ROOT = Path(__file__).parents[2]

Entry = TypeVar("Entry", covariant=True)


class Registry(Mapping[str, Entry]):
    """Entry of each file below a package that assigns a variable, by the name of the file.

    Names are known without an import; an entry is imported at its first use. The digest of code
    (`ser.compute.code_digest`) covers all files of a `Registry`, and therefore needs literals as arguments.

    Parameters
    ----------
    package
        Package of this project, such as `ser.corpora`.
    variable
        Name of the variable that contains the entry.

    Examples
    --------
    >>> corpora = Registry("ser.corpora", "CORPUS")
    >>> "ravdess" in corpora
    True
    >>> corpora["ravdess"].title
    'RAVDESS'
    """

    def __init__(self, package: str, variable: str) -> None:
        self._modules = modules(package, variable)
        self._variable = variable

    def __getitem__(self, name: str) -> Entry:
        found: Entry = getattr(import_module(self._modules[name]), self._variable)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


@cache
def modules(package: str, variable: str) -> Mapping[str, str]:
    """Module of each file below `package` that assigns `variable`, by the name of the file, in alphabetical order.

    Raises
    ------
    ValueError
        If two files have the same name.

    Examples
    --------
    >>> modules("ser.models.networks", "NETWORK")["gru"]
    'ser.models.networks.gru'
    """
    assignment = re.compile(rf"^{variable}\b.*=", re.MULTILINE)
    found: dict[str, str] = {}
    for path in sorted(ROOT.joinpath(*package.split(".")).rglob("*.py"), key=lambda path: path.stem):
        if assignment.search(path.read_text(encoding="utf-8")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if path.stem in found:
                raise ValueError(f"{found[path.stem]} and {module} are both named {path.stem}; rename one of them")
            found[path.stem] = module
    return MappingProxyType(found)
