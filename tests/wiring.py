"""What a stage's script says of itself: docstring, params, paths, and the modules of `ser` that it imports."""

import ast
import importlib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def module_files(script: Path) -> set[str]:
    """Files of the `ser` modules that `script` imports, directly or not, relative to the project's root.

    A package's `__init__.py` counts if it holds more than a docstring.
    """
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        for name in _imported(waiting.pop()):
            path = _file(name)
            if path and path not in found:
                found.add(path)
                waiting.append(path)
    return {path.relative_to(ROOT).as_posix() for path in found if _has_code(path)}


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    packages = {name.rsplit(".", k)[0] for name in names for k in range(name.count(".") + 1)}
    return {name for name in names | packages if name.split(".")[0] == "ser"}


def _file(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _has_code(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return path.name != "__init__.py" or len(body) > 1


def path_constants(name: str) -> set[str]:
    """Values of the `Path` constants of a stage's script."""
    module = importlib.import_module(f"stages.{name}")
    return {value.as_posix() for key, value in vars(module).items() if key.isupper() and isinstance(value, Path)}


def stage_params(name: str) -> tuple[str, ...]:
    """`PARAMS` of a stage's script."""
    return tuple(importlib.import_module(f"stages.{name}").PARAMS)


def description(name: str) -> str:
    """Docstring of a stage's script."""
    return ast.get_docstring(ast.parse((ROOT / "stages" / f"{name}.py").read_text())) or ""
