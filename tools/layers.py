"""Layers of the package `ser`: their sizes, and a check that imports go down the list only.

Run as: python -m tools.layers
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = "ser"
# A layer may import itself and the layers above it in this list.
LAYERS = (
    *("core", "params", "compute", "audio", "corpora", "ingest", "features", "representation", "protocol", "models"),
    *("study", "evaluation", "figures", "audit", "compare", "description", "reporting", "sections", "tuning"),
    *("serving", "api", "commands", "cli", "__main__", "dev"),
)
MAX_ROOMS = 30  # modules and packages at the top of `ser`

Modules = Mapping[str, Path]
"""Name of each module, as `ser.core.files`, -> its file; a package has the name of its folder."""


class Import(NamedTuple):
    """An import of one of our modules by another."""

    importer: str
    line: int
    imported: str


def main(root: Path = ROOT) -> int:
    """Print the layers and everything that is wrong with them; return the exit status."""
    modules = found_modules(root)
    imports = list(found_imports(modules))
    print("\n".join(table(modules)))
    wrong = [*misplaced(modules), *upward(imports), *circles(imports)]
    print("\n".join(["", *wrong] if wrong else ["", "no import goes back up, no circle"]))
    return 1 if wrong else 0


def found_modules(root: Path) -> Modules:
    """Modules of `ser` below `root`; `ser` itself, which imports what users ask for, is not one of them."""
    named = {_name(path.relative_to(root)): path for path in sorted((root / PACKAGE).rglob("*.py"))}
    return {name: path for name, path in named.items() if name != PACKAGE}


def _name(path: Path) -> str:
    return ".".join(path.parent.parts if path.name == "__init__.py" else path.with_suffix("").parts)


def layer(module: str) -> str:
    """Layer of a module: the room at the top of `ser` in which it lies."""
    return module.split(".")[1]


def found_imports(modules: Modules) -> Iterator[Import]:
    """Imports of our modules, those inside functions and of type checkers included."""
    for name, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for imported in _imported(node, modules):
                if imported != name:
                    yield Import(name, node.lineno, imported)


def _imported(node: ast.AST, modules: Modules) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in modules)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:  # `from ser.core import files` imports a module, `from ser.models import NEURAL` none
            submodule = f"{node.module}.{alias.name}"
            if submodule in modules or node.module in modules:
                yield submodule if submodule in modules else node.module


def table(modules: Modules) -> list[str]:
    """Layer, number of modules and number of lines, a line each."""
    lines = []
    for room in sorted({layer(name) for name in modules}, key=_position):
        paths = [path for name, path in modules.items() if layer(name) == room]
        n_lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)
        lines.append(f"{room:15} {len(paths):4} modules {n_lines:6,} lines")
    n_rooms = len({layer(name) for name in modules})
    return [*lines, f"{n_rooms} rooms at the top of {PACKAGE}, of {MAX_ROOMS} at most"]


def _position(room: str) -> int:
    return LAYERS.index(room) if room in LAYERS else len(LAYERS)


def misplaced(modules: Modules) -> list[str]:
    """Rooms that the list of layers lacks, and a message if there are too many."""
    rooms = {layer(name) for name in modules}
    unknown = [f"{PACKAGE}/{room} is no layer; add it to LAYERS" for room in sorted(rooms - set(LAYERS))]
    crowded = [f"{len(rooms)} rooms at the top of {PACKAGE}; join some"] if len(rooms) > MAX_ROOMS else []
    return [*unknown, *crowded]


def upward(imports: Iterable[Import]) -> list[str]:
    """Imports of a later layer by an earlier one."""
    return [
        f"{importer}:{line} imports {imported}, of a later layer"
        for importer, line, imported in imports
        if _position(layer(imported)) > _position(layer(importer))
    ]


def circles(imports: Iterable[Import]) -> list[str]:
    """Modules that import each other, directly or not; one message for each circle."""
    graph: dict[str, list[str]] = {}
    for importer, _, imported in imports:
        graph.setdefault(importer, []).append(imported)
    found: dict[frozenset[str], str] = {}
    done: set[str] = set()
    for start in graph:
        for circle in _circles_from(start, graph, [], done):
            found.setdefault(frozenset(circle), " imports ".join([*circle, circle[0]]))
    return list(found.values())


def _circles_from(module: str, graph: Mapping[str, list[str]], path: list[str], done: set[str]) -> Iterator[list[str]]:
    if module in path:
        yield path[path.index(module) :]
    elif module not in done:
        for imported in graph.get(module, []):
            yield from _circles_from(imported, graph, [*path, module], done)
        done.add(module)


if __name__ == "__main__":
    sys.exit(main())
