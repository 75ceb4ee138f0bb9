"""The revision of some files of a repository."""

import subprocess
from pathlib import Path

import pytest

from ser.core import git

MAKE_COMMIT = ("hash-object", "-t", "commit", "-w", "--stdin")
WHO = ("-c", "user.name=a", "-c", "user.email=a@b.c")


def run(*command: str) -> None:
    subprocess.run(["git", *command], check=True)


def commit(path: str, content: str) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(content)
    run("add", path)
    run(*WHO, "commit", "--quiet", "--date=2020-01-01T00:00:00", "-m", path)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2021-02-03T23:30:00-0800")
    run("init", "--quiet")
    run("config", "status.showUntrackedFiles", "no")  # as some people have it
    commit("ser/a.py", "one")


@pytest.mark.usefixtures("repository")
def test_it_stays_when_results_are_committed_and_changes_with_the_code() -> None:
    before = git.revision(["ser", "conf"])
    assert before is not None
    assert (before.date, before.is_changed, len(before.commit)) == ("2021-02-03", False, 12)
    commit("reports/metrics.json", "{}")
    assert git.revision(["ser", "conf"]) == before
    commit("ser/a.py", "two")
    after = git.revision(["ser", "conf"])
    assert after is not None
    assert after.commit != before.commit


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("path", ["ser/a.py", "ser/new.py"])
def test_changes_that_are_not_committed_are_told(path: str) -> None:
    Path(path).write_text("three")
    assert str(git.revision(["ser"])).endswith(" of 2021-02-03, with changes that are not committed")


@pytest.mark.usefixtures("repository")
def test_signatures_that_git_shows_are_no_part_of_it() -> None:
    before = git.revision(["ser"])
    raw = subprocess.run(["git", "cat-file", "commit", "HEAD"], check=True, capture_output=True).stdout
    head, _, message = raw.partition(b"\n\n")
    signed = head + b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n" + message
    found = subprocess.run(["git", *MAKE_COMMIT], input=signed, check=True, capture_output=True).stdout.decode()
    run("update-ref", "HEAD", found.strip())
    run("config", "log.showSignature", "true")
    program = Path("gpg").resolve()
    program.write_text("#!/bin/sh\necho good signature >&2\n")
    program.chmod(0o700)
    run("config", "gpg.program", str(program))
    after = git.revision(["ser"])
    assert before is not None
    assert after is not None
    assert (after.commit, after.date) == (found[:12], before.date)


def test_without_a_repository_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert git.revision(["ser"]) is None
    run("init", "--quiet")
    assert git.revision(["ser"]) is None  # no commit
