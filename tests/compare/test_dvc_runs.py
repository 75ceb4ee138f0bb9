"""Runs of a Git repository with experiments as DVC writes them: commits below `refs/exps/<baseline>/<name>`."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ser.compare import dvc_runs

SVM, MLP = "model: {name: svm}\ntraining: {learning_rate: 1.0e-06}\n", "model: {name: mlp}\n"
METRICS = {"uar": 0.5, "dev.uar": 0.6}


def lock(name, rate="1e-06"):
    """A `dvc.lock` of a study of two stages; ruamel, with which DVC writes it, writes 1e-06 without a dot."""
    return f"""
stages:
  train:
    params:
      params.yaml:
        training: {{learning_rate: {rate}}}
        members.gone: {{C: 1}}
    outs: [{{path: models}}]
  other:
    params: {{params.yaml: {{model.name: never}}}}
    outs: [{{path: models_of_others}}]
  evaluate:
    deps: [{{path: models/fold_0}}]
    params: {{params.yaml: {{model.name: {name}}}}}
"""


def run_of(files, **options):
    return dvc_runs.run_of("one", lambda path: files.get(path.as_posix(), "").encode(), **options)


def files_of(params=SVM, locked="svm", metrics=METRICS):
    return {"params.yaml": params, "dvc.lock": lock(locked), "reports/metrics.json": json.dumps(metrics)}


def test_an_evaluated_run_has_its_settings_and_metrics():
    run = run_of(files_of())
    assert (run.state, run.settings["model"], run.metrics) == ("done", {"name": "svm"}, METRICS)


def test_metrics_of_other_settings_are_left_out():
    assert run_of(files_of(params=MLP)).state == "not evaluated"
    assert run_of(files_of(params=MLP)).metrics == {}
    assert run_of(files_of(params=MLP, locked="mlp")).metrics == METRICS


def test_settings_of_a_stage_before_count_too_and_those_of_an_unrelated_stage_do_not():
    other = files_of() | {"dvc.lock": lock("svm", rate="1e-05")}
    assert run_of(other).state == "not evaluated"


@pytest.mark.parametrize("missing", ["dvc.lock", "reports/metrics.json"])
def test_a_run_without_a_lock_file_or_metrics_is_not_evaluated(missing):
    assert run_of({name: text for name, text in files_of().items() if name != missing}).state == "not evaluated"


def test_a_run_in_the_queue_has_no_metrics_though_its_commit_contains_some():
    run = run_of(files_of(), state=dvc_runs.QUEUED)
    assert (run.state, run.metrics, run.settings["model"]) == ("queued", {}, {"name": "svm"})


@pytest.mark.parametrize("name", ["params.yaml", "dvc.lock", "reports/metrics.json"])
def test_a_file_that_cannot_be_parsed_is_named_with_the_run(name):
    with pytest.raises(ValueError, match="a file of the run one cannot be parsed"):
        run_of(files_of() | {name: "{"})


def git(folder, *words):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder, files, message="one"):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def record(folder, name, files):
    """Add an experiment of the current commit, and return to it."""
    baseline = git(folder, "rev-parse", "HEAD")
    experiment = commit(folder, files, name)
    git(folder, "update-ref", f"refs/exps/{baseline[:2]}/{baseline[2:]}/{name}", experiment)
    git(folder, "reset", "--quiet", "--hard", baseline)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """An empty Git and DVC repository that is the current folder."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    analytics = false\n")
    (tmp_path / ".dvc/.gitignore").write_text("/tmp\n/cache\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_experiments_of_the_current_commit_are_listed_after_the_workspace(repository, monkeypatch):
    commit(repository, files_of())
    record(repository, "first-try", files_of(params=MLP, locked="mlp", metrics={"dev.uar": 0.7}))
    (repository / "params.yaml").write_text(MLP)
    (repository / "below").mkdir()
    monkeypatch.chdir(repository / "below")
    found = dvc_runs.listing()
    assert [(run.name, run.state) for run in found.runs] == [("workspace", "not evaluated"), ("first-try", "done")]
    assert found.runs[1].metrics == {"dev.uar": 0.7}
    assert found.runs[1].date is not None
    assert (found.folder, found.n_left_out) == (repository, 0)


def test_experiments_of_other_commits_are_counted_and_listed_on_demand(repository):
    commit(repository, files_of())
    record(repository, "old", files_of(params=MLP, locked="mlp"))
    commit(repository, {"README.md": "more"})
    found = dvc_runs.listing()
    assert ([run.name for run in found.runs], found.n_left_out) == (["workspace"], 1)
    found = dvc_runs.listing(all_commits=True)
    assert ([run.name for run in found.runs], found.n_left_out) == (["workspace", "old"], 0)


def test_a_dvc_repository_in_a_folder_of_a_git_repository_is_read_there(tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet")
    inner = tmp_path / "inner"
    (inner / ".dvc").mkdir(parents=True)
    (inner / ".dvc/config").write_text("[core]\n    analytics = false\n")
    monkeypatch.chdir(inner)
    commit(tmp_path, {f"inner/{name}": text for name, text in files_of().items()})
    record(tmp_path, "one", {f"inner/{name}": text for name, text in files_of(metrics={"dev.uar": 0.1}).items()})
    assert dvc_runs.listing().runs[1].metrics == {"dev.uar": 0.1}


def test_a_folder_outside_any_dvc_repository_is_refused_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="not in a DVC repository; go to the folder of the project"):
        dvc_runs.listing()


def test_a_project_outside_git_is_refused_with_the_commands_that_make_a_repository(repository):
    shutil.rmtree(Path(repository) / ".git")
    with pytest.raises(
        ValueError, match="is not a git repository, and DVC needs one; make it with: git init && git add"
    ):
        dvc_runs.listing()


def test_a_repository_without_a_commit_is_refused_with_the_remedy(repository):
    with pytest.raises(ValueError, match="Git has no commit here; make one: git commit"):
        dvc_runs.listing()
    assert not list(Path(repository).glob("reports"))
