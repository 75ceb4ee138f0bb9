import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ser.tuning import search as searching
from ser.tuning.search import Settings, Trial, Unfit, search
from tests.support.paths import ROOT

SPACE = {
    "model.C": {"low": 0.01, "high": 100.0, "log": True},
    "model.n": {"low": 1, "high": 20},
    "balance": {"choices": ["smote", "none"]},
}
N_TRIALS = 13  # the first ten are drawn at random, the others by the sampler from earlier scores


def hill(settings: Settings) -> float:
    """Score with its maximum, 1, at C = 1, n = 10 and no balancing; 0.3 for the study's own settings."""
    if not settings:
        return 0.3
    distance = abs(float(settings["model.C"]) - 1) + abs(int(settings["model.n"]) - 10)
    return 1 / (1 + distance + (settings["balance"] == "smote"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(
    objective: Callable[[Settings], float] = hill,
    *,
    name: str = "one",
    n_trials: int = N_TRIALS,
    seed: int = 0,
    timeout: float | None = None,
) -> list[Trial]:
    """All trials of a search."""
    *_, last = search(objective, SPACE, name=name, n_trials=n_trials, seed=seed, timeout=timeout)
    return last


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """All trials of an uninterrupted search."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("at_once"))
        return found()


def test_the_own_settings_of_the_study_are_first_and_not_a_trial(at_once: list[Trial]) -> None:
    assert at_once[0] == Trial({}, 0.3)
    assert [set(trial.settings) for trial in at_once[1:]] == [set(SPACE)] * N_TRIALS
    assert [trial.score for trial in at_once] == [hill(trial.settings) for trial in at_once]


def test_settings_are_drawn_within_their_space(at_once: list[Trial]) -> None:
    drawn = [trial.settings for trial in at_once[1:]]
    assert all(0.01 <= float(settings["model.C"]) <= 100 for settings in drawn)
    assert {settings["balance"] for settings in drawn} == {"smote", "none"}
    assert all(settings["model.n"] in map(str, range(1, 21)) for settings in drawn)


def test_two_processes_cannot_work_on_the_same_search() -> None:
    first = search(hill, SPACE, name="one", n_trials=2, seed=0)
    next(first)
    with pytest.raises(ValueError, match=r"another process works on this search \(one\); wait for its end"):
        found()
    assert len(found(name="other", n_trials=1)) == 2
    first.close()
    assert len(found(n_trials=1)) == 2


@pytest.mark.slow
def test_a_search_improves_the_score() -> None:
    scores = [trial.score or 0 for trial in found(n_trials=30)[1:]]
    by_chance, by_the_sampler = scores[:10], scores[10:]
    assert sum(by_the_sampler) / 20 > 1.5 * sum(by_chance) / 10
    assert max(by_the_sampler) > max(by_chance)


def test_the_draws_depend_on_the_seed(at_once: list[Trial]) -> None:
    assert found(name="two") == at_once
    other = found(name="three", seed=1)
    assert not {str(trial.settings) for trial in at_once[1:]} & {str(trial.settings) for trial in other[1:]}


def test_trials_are_not_repeated_and_a_longer_search_begins_with_those_of_a_shorter_one(
    at_once: list[Trial],
) -> None:
    tried: list[Settings] = []

    def noted(settings: Settings) -> float:
        tried.append(settings)
        return hill(settings)

    shorter = found(noted, n_trials=11)
    longer = found(noted, n_trials=N_TRIALS)
    assert longer[:12] == shorter
    assert tried == [trial.settings for trial in longer]
    assert longer == at_once
    assert found(noted, n_trials=4) == longer  # earlier trials stay
    assert len(tried) == 1 + N_TRIALS


def test_every_step_yields_all_finished_trials() -> None:
    found(n_trials=2)
    steps = [len(trials) for trials in search(hill, SPACE, name="one", n_trials=5, seed=0)]
    assert steps == [3, 4, 5, 6]


@pytest.mark.parametrize("at", [0, 1, 11])
def test_an_interrupted_search_continues_like_an_uninterrupted_one(at: int, at_once: list[Trial]) -> None:
    calls: list[Settings] = []

    def interrupted(settings: Settings) -> float:
        calls.append(settings)
        if len(calls) == at + 1:
            raise KeyboardInterrupt
        return hill(settings)

    with pytest.raises(KeyboardInterrupt):
        found(interrupted)
    assert len(calls) == at + 1
    assert found(interrupted) == at_once
    assert len(calls) == 1 + N_TRIALS + 1  # the interrupted trial was run again
    assert calls[at] == calls[at + 1]


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from tests.tuning import test_search
from ser.tuning.search import Trial, search

def killed(settings):
    with open("calls.txt", "a") as file:
        print(settings, file=file)
    if len(Path("calls.txt").read_text().splitlines()) in (4, 13):
        os.kill(os.getpid(), signal.SIGKILL)
    return test_search.hill(settings)

*_, trials = search(killed, test_search.SPACE, name="one", n_trials=test_search.N_TRIALS, seed=0)
print("finished", len(trials))
"""


@pytest.mark.slow
def test_a_killed_search_continues_like_an_uninterrupted_one(folder: Path, at_once: list[Trial]) -> None:
    script = KILLED.format(tests=str(ROOT))

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )

    codes = [run().returncode for _ in range(2)]
    assert codes == [-9, -9]
    last = run()
    assert last.stdout == f"finished {1 + N_TRIALS}\n", last.stderr
    assert last.stderr == ""
    calls = (folder / "calls.txt").read_text().splitlines()
    assert len(calls) == 1 + N_TRIALS + 2  # the interrupted trials were run again
    assert (calls[3], calls[12]) == (calls[4], calls[13])
    assert found() == at_once


def test_unfit_settings_fail_alone_with_a_reason() -> None:
    def picky(settings: Settings) -> float:
        if settings.get("balance") == "smote":
            raise Unfit("too few rows")
        return hill(settings)

    trials = found(picky)
    failed = [trial for trial in trials if trial.score is None]
    assert len(trials) == 1 + N_TRIALS
    assert failed == [trial for trial in trials if trial.settings.get("balance") == "smote"]
    assert {trial.error for trial in failed} == {"too few rows"}
    assert 0 < len(failed) < N_TRIALS
    assert found(picky) == trials
    n_failed = [sum(trial.score is None for trial in part) for part in (trials[1:11], found(picky, n_trials=20)[11:])]
    assert n_failed[1] < n_failed[0]  # the sampler learns to avoid them


def test_a_study_whose_own_settings_fail_is_searched_too() -> None:
    def fails(settings: Settings) -> float:
        if not settings:
            raise Unfit("not like this")
        return hill(settings)

    trials = found(fails, n_trials=2)
    assert trials[0] == Trial({}, None, "not like this")
    assert [trial.score is None for trial in trials] == [True, False, False]


def test_any_other_error_ends_the_search() -> None:
    def broken(settings: Settings) -> float:
        raise ValueError("the cluster is gone")

    with pytest.raises(ValueError, match="the cluster is gone"):
        found(broken)


def test_no_trial_begins_after_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(0, 1000, 10))
    monkeypatch.setattr(searching, "monotonic", lambda: next(seconds))
    assert len(found(timeout=25)) == 1 + 2  # at 10 and at 20
    assert len(found(timeout=5)) == 1 + 2
    assert len(found(n_trials=3)) == 1 + 3


def test_searches_with_different_names_share_a_file_and_do_not_mix(folder: Path) -> None:
    found(n_trials=3)
    assert len(found(name="two", n_trials=2)) == 3
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {"tune.sqlite", "one.lock", "two.lock"}


def test_a_search_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    found(n_trials=2)
    found(n_trials=3)
    assert capfd.readouterr() == ("", "")


def test_a_damaged_file_is_named_with_the_remedy() -> None:
    searching.STORAGE.parent.mkdir()
    searching.STORAGE.write_text("no database")
    with pytest.raises(ValueError, match=r"checkpoints/tune.sqlite cannot be used \(.*not a database.*delete it"):
        found()


def test_a_file_of_another_version_of_optuna_is_named_with_the_remedy() -> None:
    import sqlite3

    found(n_trials=1)
    with sqlite3.connect(searching.STORAGE) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v2.6.0.a'")
    connection.close()
    with pytest.raises(ValueError, match=r"cannot be used \(.*from another version of Optuna, delete it"):
        found()


def test_without_optuna_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ValueError, match=r"ser tune needs Optuna, .*pip install -e '\.\[tune\]'"):
        found()
    extras = (ROOT / "pyproject.toml").read_text()
    assert "\ntune = [" in extras


def test_drawn_numbers_have_three_significant_digits() -> None:
    for trial in found(n_trials=5)[1:]:
        value = yaml.safe_load(trial.settings["model.C"])
        assert value == float(f"{value:.3g}")
