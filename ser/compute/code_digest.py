"""Files of this project that a module depends on, and a digest of them, which is part of the key of cached results.

Dependencies are the import statements in the sources. A module that makes a `discovery.Registry` also depends on every
entry of it, although no statement imports them.
"""

import ast
import hashlib
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ser.core import discovery

ROOT = Path(__file__).parents[2]
OURS = ("ser", "stages", "studies")
LIBRARIES = ("librosa", "numpy", "scipy", "soundfile", "soxr")  # they affect the values of all features


def module_files(module: str) -> set[Path]:
    """Files of this project that `module` imports, directly or not, and its own, relative to the project's root.

    An `__init__.py` counts only if it contains more than a docstring.

    Examples
    --------
    >>> sorted(path.stem for path in module_files("ser.core.formats"))
    ['bounds', 'file_lock', 'files', 'formats', 'numba_cache', 'table_suffixes']
    """
    found: set[Path] = set()
    waiting = [_path(module)]
    while waiting:
        path = waiting.pop()
        if path is not None and path not in found:
            found.add(path)
            waiting += [_path(name) for name in _imported(path)]
    return {path.relative_to(ROOT) for path in found if _has_code(path)}


@cache
def digest(modules: tuple[str, ...], libraries: tuple[str, ...] = ()) -> str:
    """Digest of the sources of `modules` and of all modules of this project that they import, and of library versions.

    Parameters
    ----------
    modules
        Names of imported modules. Of a module outside this project, only its own source counts.
    libraries
        Names of distributions, in addition to `LIBRARIES`.

    Examples
    --------
    >>> len(digest(("ser.core.wording",)))
    32
    >>> digest(("ser.core.wording",)) == digest(("ser.core.wording",), libraries=("pandas",))
    False
    """
    ours = {file for module in modules for file in module_files(module)}
    others = {module for module in modules if _path(module) is None}
    parts = {file.as_posix(): (ROOT / file).read_bytes() for file in ours}
    parts |= {module: Path(str(sys.modules[module].__file__)).read_bytes() for module in others}
    parts |= {library: version(library).encode() for library in (*LIBRARIES, *libraries)}
    code = hashlib.blake2b(digest_size=16)
    for name, content in sorted(parts.items()):
        code.update(f"{name} {len(content)}\0".encode() + content)
    return code.hexdigest()


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "discovery.Registry":
            names |= _members(node, path)
    packages = {name.rsplit(".", k)[0] for name in names for k in range(name.count(".") + 1)}
    return {name for name in names | packages if name.split(".")[0] in OURS}


def _members(call: ast.Call, path: Path) -> set[str]:
    """Names of the modules of the registry that a call creates."""
    try:
        package, variable = (ast.literal_eval(argument) for argument in call.args)
    except ValueError as error:
        raise ValueError(f"{path} has {ast.unparse(call)}; write package and variable as literals") from error
    return set(discovery.modules(package, variable).values())


def _path(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _has_code(path: Path) -> bool:
    if path == ROOT / "ser" / "__init__.py":  # it only loads names on request
        return False
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return path.name != "__init__.py" or len(body) > 1
