"""What a stage's script says of itself: docstring, params, paths, and our modules that it imports."""

import ast
import importlib
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = ("ser", "stages", "studies")


def script(module: str) -> str:
    """File of a module, relative to the project's root."""
    return f"{module.replace('.', '/')}.py"


def module_files(module: str) -> set[str]:
    """Files of our modules that `module` imports, directly or not, and its own, relative to the project's root.

    A package's `__init__.py` counts if it holds more than a docstring.
    """
    found: set[Path] = set()
    waiting = [ROOT / script(module)]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [file for name in _imported(path) if (file := _file(name))]
    return {path.relative_to(ROOT).as_posix() for path in found if _has_code(path)}


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    packages = {name.rsplit(".", k)[0] for name in names for k in range(name.count(".") + 1)}
    return {name for name in names | packages if name.split(".")[0] in OURS}


def _file(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _has_code(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return path.name != "__init__.py" or len(body) > 1


def path_constants(module: str) -> set[str]:
    """Values of the `Path` constants of a stage's script."""
    constants = vars(importlib.import_module(module)).items()
    return {value.as_posix() for key, value in constants if key.isupper() and isinstance(value, Path)}


def stage_params(module: str) -> tuple[str, ...]:
    """`PARAMS` of a stage's script."""
    return tuple(importlib.import_module(module).PARAMS)


def loaded_params(module: str) -> list[str]:
    """Arguments of every call of `params.load` in a stage's script, as written."""
    calls = [node for node in ast.walk(ast.parse((ROOT / script(module)).read_text())) if isinstance(node, ast.Call)]
    loads = [call for call in calls if ast.unparse(call.func) == "params.load"]
    return [ast.unparse(argument) for load in loads for argument in load.args]


def description(module: str) -> str:
    """Docstring of a stage's script."""
    return ast.get_docstring(ast.parse((ROOT / script(module)).read_text())) or ""
