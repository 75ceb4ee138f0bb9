"""Checks of pull requests and commits, as far as they can be tested without running them there."""

import re
from typing import Any

import pytest
import yaml

from tests.support import wiring

WORKFLOW = wiring.ROOT / ".github" / "workflows" / "ci.yml"
OFFICIAL = {"checkout", "setup-python", "upload-artifact", "download-artifact", "github-script"}


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())
    return content


def steps_of(workflow: dict[str, Any], job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workflow["jobs"][job]["steps"]
    return found


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (wiring.ROOT / "Makefile").read_text(), re.MULTILINE))


def test_every_pull_request_runs_the_tests_and_the_demo_pipeline(workflow: dict[str, Any]) -> None:
    assert set(workflow[True]) == {"pull_request", "push"}  # YAML 1.1 reads `on` so
    assert workflow[True]["pull_request"] is None  # to whatever branch
    commands = [step.get("run", "") for job in workflow["jobs"] for step in steps_of(workflow, job)]
    assert "make test SLOW=1" in commands
    assert "make pipeline" in commands
    for command in commands:
        assert set(re.findall(r"make (?:-C \S+ )?([a-z]+)", command)) <= make_targets()


def test_actions_are_official_and_pinned_to_a_commit() -> None:
    uses = re.findall(r"uses: (.*)", WORKFLOW.read_text())
    assert uses
    for use in uses:
        match = re.fullmatch(r"actions/([a-z-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)
        assert match is not None, use
        assert match[1] in OFFICIAL


def test_code_of_a_pull_request_has_no_token_that_may_write(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        runs_code = any("run" in step for step in job["steps"]) or any(
            "checkout" in step.get("uses", "") for step in job["steps"]
        )
        assert runs_code == (name != "comment")
        assert job.get("permissions", {}) == ({} if runs_code else {"pull-requests": "write"})
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_nobody_s_words_are_pasted_into_a_program(workflow: dict[str, Any]) -> None:
    """Names of branches can hold quotes, so they come by the environment."""
    for job in workflow["jobs"]:
        for step in steps_of(workflow, job):
            assert "${{" not in step.get("run", "")
            assert "${{" not in step.get("with", {}).get("script", "")
    assert "secrets." not in WORKFLOW.read_text()


def test_the_page_travels_from_the_job_that_runs_the_code_to_the_one_that_comments(workflow: dict[str, Any]) -> None:
    up = next(step for step in steps_of(workflow, "figures") if "upload-artifact" in step.get("uses", ""))
    down = next(step for step in steps_of(workflow, "comment") if "download-artifact" in step["uses"])
    assert up["with"]["name"] == down["with"]["name"]
    assert workflow["jobs"]["comment"]["needs"] == "figures"
    assert "always()" in workflow["jobs"]["comment"]["if"]  # a drop fails one job, and the other one reports it
    assert "always()" in up["if"]
    assert down["continue-on-error"] is True
    script = next(step for step in steps_of(workflow, "comment") if "script" in step.get("with", {}))["with"]["script"]
    folder = down["with"]["path"]
    assert f"'{folder}/diff.md'" in script  # the artifact's root is what all its paths have in common: reports
    assert up["with"]["path"].split() == ["reports/diff.md", "reports/diff/"]


def test_what_is_checked_before_a_commit_is_what_make_test_checks() -> None:
    (repo,) = yaml.safe_load((wiring.ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repo["repo"] == "local"
    entries = [hook["entry"] for hook in repo["hooks"]]
    assert entries == ["ruff check --force-exclude", "ruff format --force-exclude", "mypy"]
    assert all(hook["language"] == "system" for hook in repo["hooks"])
    recipe = (wiring.ROOT / "Makefile").read_text().partition("\ntest:")[2]
    assert re.findall(r"^\t(ruff check|ruff format|mypy)", recipe, re.MULTILINE)[:3] == [
        "ruff check",
        "ruff format",
        "mypy",
    ]
