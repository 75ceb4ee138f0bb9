"""A module fits on a few screens and a function on one, so that a reader can hold them in mind (CONTRIBUTING.md)."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT

MODULE, FUNCTION = 300, 40  # lines at most; the docstring of a function does not count
FOLDERS = ("ser", "stages", "app", "studies")


def lengths(source: str) -> Iterator[tuple[str, int]]:
    """Name and lines of each function, without its docstring."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            described = 0 if ast.get_docstring(node) is None else 1 + (first.end_lineno or 0) - first.lineno
            yield node.name, 1 + (node.end_lineno or 0) - node.lineno - described


def modules() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            yield Path(path).relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_the_docstring_of_a_function_does_not_count() -> None:
    source = (
        'def half(x):\n    """Half.\n\n    More.\n    """\n    y = x / 2\n    return y\n'
        "\n\ndef same(x):\n    return x\n"
    )
    assert dict(lengths(source)) == {"half": 3, "same": 2}


def test_no_module_is_too_long() -> None:
    long = {name: n for name, source in modules() if (n := len(source.splitlines())) > MODULE}
    assert long == {}, f"modules of more than {MODULE} lines: divide them"


def test_no_function_is_too_long() -> None:
    long = {f"{name}::{function}": n for name, source in modules() for function, n in lengths(source) if n > FUNCTION}
    assert long == {}, f"functions of more than {FUNCTION} lines: divide them"
