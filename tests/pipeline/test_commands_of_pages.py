"""Every shell command of README and docs/ is checked by a test, or its block is marked with what it needs.

A mark is the line before a block: `<!-- needs: the network -->`. Its own parser parses each command of `ser`, also in
marked blocks. Studies are composed, and stages, modules and targets of make looked up, by test_documentation.py.
"""

import re
from collections.abc import Iterator

import pytest

from ser.cli import parser_of
from tests.support.paths import ROOT
from tests.support.shell_lines import words

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?P<mark>^<!-- needs: [^\n]+ -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL
)
SHELLS = ("sh", "bash")
CHECKED_ELSEWHERE = re.compile(
    r"dvc (exp run|repro)\b|make [a-z]+|python -m [\w.]+|ser\.params "  # test_documentation.py
    r"|dvc exp show "  # test_pipeline.py
    r"|source \.venv/bin/activate"  # as the Makefile makes it
)


def commands(block: str) -> Iterator[str]:
    """Single commands of a block: joined lines, without comments, variables before them, pipes and redirections."""
    for line in re.sub(r"\\\n\s*", "", block).splitlines():
        for part in re.split(r" && | \| ", re.sub(r"(^|\s)#.*", "", line)):
            command = re.sub(r"^(\s*[A-Z_]+=\S+)+ ", "", part).partition(" > ")[0].strip()
            if command:
                yield command


def of_pages() -> Iterator[tuple[str, str, bool]]:
    """Page, command, and whether its block is marked."""
    for page in PAGES:
        for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
            if block["language"] in SHELLS:
                name, is_marked = page.relative_to(ROOT).as_posix(), bool(block["mark"])
                yield from ((name, command, is_marked) for command in commands(block["text"]))


def test_commands_are_found() -> None:
    block = "A=1 dvc repro  # all\ncat a.wav | ser predict - > b\nser tune \\\n  --trials 4 && ser summary\n"
    assert list(commands(block)) == ["dvc repro", "cat a.wav", "ser predict -", "ser tune --trials 4", "ser summary"]


def test_every_command_is_checked_or_its_block_is_marked() -> None:
    found = [(page, command) for page, command, is_marked in of_pages() if not is_marked]
    others = [one for one in found if not re.match(r"ser |" + CHECKED_ELSEWHERE.pattern, one[1])]
    assert others == []
    assert len(found) > 50


def test_every_command_of_ser_is_parsed_by_its_parser() -> None:
    for page, command, _ in of_pages():
        if command.startswith("ser "):
            given = words(command)[1:]
            try:
                parser_of(given[0]).parse_args(given)
            except SystemExit:
                pytest.fail(f"{page}: {command}")
