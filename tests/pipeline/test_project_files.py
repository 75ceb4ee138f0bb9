"""Files that people expect: they agree with the version, the licence, the Makefile and the workflows."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from ser import dev
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def test_the_changelog_has_the_version_first_and_dates_in_order() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[([\d.]+)\] - (\d{4}-\d\d-\d\d)$", text, re.MULTILINE)
    assert released[0][0] == PROJECT["version"]
    assert [date for _, date in released] == sorted((date for _, date in released), reverse=True)
    kinds = set(re.findall(r"^### (.*)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_citation_is_of_this_version_and_has_what_the_format_requires() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    assert all(set(author) & {"name", "family-names"} for author in citation["authors"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_few_rights_pinned_actions_and_limits_of_time(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] for job in workflow["jobs"].values())
    for action in re.findall(r"uses: (\S+)", text):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
    for module in re.findall(r"python -m ser\.dev (\w+)", text):
        assert module in dev.TARGETS


def test_the_portable_targets_are_those_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(dev.TARGETS) - {"install", "quick"}:
        (recipe,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        for command in dev.TARGETS[target]:
            assert " ".join(command).partition(" -m not")[0] in recipe, (target, command)
    assert all((ROOT / path).exists() for path in dev.QUICK)


@pytest.mark.parametrize(("beside", "after", "status"), [("0", "0", 0), ("3", "0", 3), ("0", "4", 4), ("3", "4", 4)])
def test_a_command_beside_the_tests_is_printed_after_them_and_its_failure_is_one(
    beside: str, after: str, status: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "BESIDE", ("sh",))
    commands = [("sh", "-c", f"echo types; exit {beside}"), ("env", "sh", "-c", f"echo tests; exit {after}")]
    assert dev._run_all(commands) == status
    assert capfd.readouterr().out.split() == ["tests", "types"]


def test_no_command_follows_one_that_failed() -> None:
    assert dev._run_all([("false",), ("ser-has-no-such-command",)]) == 1


def test_an_unknown_target_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["tests"]) == 2
    assert "wanted one of: install, pipeline, test" in capsys.readouterr().err
