"""Public functions, classes and methods of `ser` have an example in their docstring, which pytest runs."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT

LISTED = Path(__file__).with_name("without_examples.txt")
"""Those that have none yet, or that need what no short example can make: a trained network, a repository of DVC."""


def without_example(source: str) -> Iterator[str]:
    """Names of a module, as `read` and `Recording.duration`; the example of a class may show its methods."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            example = example_of(node)
            if not example:
                yield node.name
            for method in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    shown = example_of(method) or f".{method.name}" in example
                    if not shown:
                        yield f"{node.name}.{method.name}"


def example_of(node: ast.FunctionDef | ast.ClassDef) -> str:
    """Section `Examples` of the docstring, or nothing if it runs no line."""
    section = (ast.get_docstring(node) or "").partition("Examples\n--------\n")[2]
    return section if ">>> " in section else ""


def test_examples_are_found() -> None:
    shown = '"""Half.\n\n    Examples\n    --------\n    >>> half(4)\n    2\n    """'
    assert list(without_example(f"def half(x):\n    {shown}\ndef _third(x):\n    pass\n")) == []
    assert list(without_example('def half(x):\n    """Half; see Examples."""\n')) == ["half"]
    method = "def fourth(self):\n        pass\n"
    assert list(without_example(f"class Parts:\n    {shown}\n    {method}")) == ["Parts.fourth"]
    assert list(without_example(f"class Parts:\n    {shown.replace('half(', 'Parts().fourth(')}\n    {method}")) == []


def test_the_list_of_those_without_an_example_only_shrinks() -> None:
    """A new function comes with an example; one that has got its example leaves the list."""
    found = {
        f"{path.relative_to(ROOT).as_posix()}::{name}"
        for path in (ROOT / "ser").rglob("*.py")
        for name in without_example(path.read_text(encoding="utf-8"))
    }
    listed = LISTED.read_text(encoding="utf-8").split()
    assert sorted(found - set(listed)) == [], "these lack an example"
    assert sorted(set(listed) - found) == [], f"these have an example now, or are gone: remove them from {LISTED.name}"
