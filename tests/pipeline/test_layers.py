"""Imports in `ser` go down the list of layers only, on the true tree and on made-up ones."""

import ast
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tools import layers


def tree(root: Path, **sources: str) -> Path:
    """Write modules of a package `ser`; `core__files` is `ser/core/files.py`."""
    for name, source in sources.items():
        path = root / "ser" / f"{name.replace('__', '/', 1)}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return root


def wrong(root: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Lines below the table; the exit status must agree."""
    status = layers.main(root)
    found = capsys.readouterr().out.partition("\n\n")[2].splitlines()
    assert status == (found != ["no import goes back up, no circle"])
    return found if status else []


def test_no_import_of_the_package_goes_back_up_and_there_is_no_circle(capsys: pytest.CaptureFixture[str]) -> None:
    assert wrong(layers.ROOT, capsys) == []


def test_the_table_counts_modules_and_lines_from_the_first_layer_to_the_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(tmp_path, cli="import ser.core.files\n", core__files="\n\n", core__tables="from ser.core import files\n")
    assert wrong(tmp_path, capsys) == []
    layers.main(tmp_path)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[:2] == [["core", "2", "modules", "3", "lines"], ["cli", "1", "modules", "1", "lines"]]
    assert rows[2][:2] == ["2", "rooms"]


@pytest.mark.parametrize(
    "source",
    [
        "from ser.models import bundle\n",
        "import ser.models.bundle\n",
        "from ser.models.bundle import Bundle\n",
        "\ndef load():\n    from ser.models import bundle\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ser.models.bundle import Bundle\n",
    ],
)
def test_an_import_of_a_later_layer_is_named_with_its_place(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(tmp_path, audio__reading=source, models__bundle="from ser.audio import voice\n", audio__voice="")
    line = 1 + source[: source.index("ser.models")].count("\n")
    found = wrong(tmp_path, capsys)
    assert found[0] == f"ser.audio.reading:{line} imports ser.models.bundle, of a later layer"
    assert len(found) == 1


def test_a_circle_is_named_once_and_what_leads_into_it_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(
        tmp_path,
        core__a="from ser.core import b\n",
        core__b="def f():\n    from ser.core.c import x\n",
        core__c="from ser.core import b, d\n",
        core__d="",
    )
    assert wrong(tmp_path, capsys) == ["ser.core.b imports ser.core.c imports ser.core.b"]


def test_a_room_that_is_no_layer_and_more_rooms_than_there_may_be_are_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(tmp_path, **{f"room_{k:02}": "" for k in range(31)})
    found = wrong(tmp_path, capsys)
    assert found[0] == "ser/room_00 is no layer; add it to LAYERS"
    assert found[-1] == "31 rooms at the top of ser; join some"


def test_tests_share_helpers_through_their_package_of_helpers_alone() -> None:
    """A module of tests that imports another one runs with it, and cannot be moved or split alone."""
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("tests."):
                assert node.module.startswith("tests.support"), f"{path.name}:{node.lineno}"
