"""Killed runs, other checkouts and other machines: how much is computed again, under DVC, on a small corpus."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diskcache
import pytest

from ser.compute.cache import DIGEST_SIZE, VALUES
from tests.support import first_run
from tests.support.dvc_project import Project

pytestmark = pytest.mark.slow

N_UTTERANCES = 30 * len(first_run.SPEAKERS)
QUICK = (*first_run.QUICK, first_run.SMOTE)
FEATURES = "data/librosa_extracted_features.csv"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Project:
    """The project after its first run, with a cache."""
    return first_run.copied(shared, tmp_path_factory.mktemp("beyond"))


def n_kept(project: Project) -> int:
    return n_entries(Path(project.environment["SER_CACHE_DIR"]))


@pytest.fixture
def checkout(project: Project, tmp_path: Path) -> Iterator[Path]:
    """Another clone of its repository, without what DVC tracks."""
    folder = tmp_path / "clone"
    project.run("git", "clone", "--quiet", str(project.folder), str(folder))
    mine, project.folder = project.folder, folder
    yield folder
    project.folder = mine


def test_another_machine_pulls_what_was_pushed_and_makes_nothing_anew(project: Project, tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    before = project.hashes("data", "reports")
    project.run("dvc", "remote", "add", "--default", "store", str(remote))
    project.run("dvc", "push")
    project.commit("remote")
    clone = tmp_path / "clone"
    project.run("git", "clone", "--quiet", str(project.folder), str(clone))
    mine, project.folder = project.folder, clone
    try:
        assert not (clone / FEATURES).exists()
        project.run("dvc", "pull")
        assert project.hashes("data", "reports") == before
        assert project.ran(project.run("dvc", "repro")) == ["probe"]
    finally:
        project.folder = mine


def test_another_checkout_extracts_nothing_that_this_one_has(project: Project, checkout: Path) -> None:
    n_before = n_kept(project)
    output = project.run("dvc", "repro", "extract_librosa", "extract_log_mel")
    assert {"ingest", "extract_librosa", "extract_log_mel"} <= set(project.ran(output))
    assert n_kept(project) == n_before
    project.run("dvc", "exp", "run", "-S", f"corpus.root={project.corpus}", "-S", "librosa=means_42", "extract_librosa")
    assert n_kept(project) == n_before + N_UTTERANCES


def experiments(project: Project) -> dict[str, dict[str, Any]]:
    """Name of each row of `ser experiments` -> its cells."""
    return {row["run"]: row for row in json.loads(project.ser("experiments", "--json"))}


def test_queued_studies_run_in_their_copies_and_find_what_this_checkout_computed(project: Project) -> None:
    """They run in temporary checkouts; the cache has all features that they need."""
    settings = (f"corpus.root={project.corpus}", *QUICK)
    queue = ["dvc", "exp", "run", "--queue", *(word for setting in settings for word in ("-S", setting))]
    project.run(*queue, "-S", "model=svm,random_forest", "evaluate")
    project.run("dvc", "exp", "run", "--queue", "--name", "no-corpus", "-S", "corpus=ravdess")
    queued = [row for row in experiments(project).values() if row["state"] == "queued"]
    assert sorted(row["model"] for row in queued) == ["random_forest", "svm", "svm"]
    assert {row["dev.uar"] for row in queued} == {None}
    n_before = n_kept(project)
    project.run("dvc", "queue", "start")
    end = time.monotonic() + 1800
    while "Queued" in (status := project.run("dvc", "queue", "status")) or "Running" in status:
        assert time.monotonic() < end, status
        time.sleep(2)  # to ask takes a second of one core, which the studies need
    assert status.count("Success") == 2, status
    assert n_kept(project) == n_before
    rows = experiments(project)
    assert [rows["no-corpus"][name] for name in ("state", "corpus", "uar")] == ["failed", "ravdess", None]
    (forest,) = (row for row in rows.values() if row["model"] == "random_forest")
    assert (forest["state"], forest["speaker_independent"]) == ("done", True)
    assert 0 < forest["uar"] < 1
    assert forest["uar_low"] is None  # below 6 speakers
    assert set(forest["overrides"]) == {"model=random_forest", *settings}
    shown = project.run("dvc", "exp", "show", "--csv", "--sort-by", "dev.uar", "--sort-order", "desc")
    assert {"svm", "random_forest"} <= set(shown.replace("\n", ",").split(","))
    project.run("dvc", "queue", "stop")


HALTING = """
import runpy, sys, time
from ser.compute import cache

write, n_left = cache.Store.write, int(sys.argv.pop())

def halting(store, values):
    global n_left
    write(store, values)
    n_left -= sum(map(bool, values.values()))
    if n_left <= 0:
        print("halts", flush=True)
        time.sleep(3600)

cache.Store.write = halting
runpy.run_module("stages.extract_librosa", run_name="__main__", alter_sys=True)
"""


def test_a_killed_extraction_goes_on_where_it_was(project: Project, tmp_path: Path) -> None:
    expected = (project.folder / FEATURES).read_bytes()
    cache = {"SER_CACHE_DIR": str(tmp_path / "cache")}
    (project.folder / FEATURES).unlink()
    process = subprocess.Popen(
        [sys.executable, "-c", HALTING, str(N_UTTERANCES // 4)],
        cwd=project.folder,
        env=project.environment | cache | {"PYTHONPATH": str(project.folder)},
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert b"halts\n" in iter(process.stdout.readline, b"")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert N_UTTERANCES // 4 <= n_entries(tmp_path / "cache") < N_UTTERANCES
    assert not (project.folder / FEATURES).exists()
    project.run("python", "-m", "stages.extract_librosa", **cache)
    assert (project.folder / FEATURES).read_bytes() == expected
    assert n_entries(tmp_path / "cache") == N_UTTERANCES


def n_entries(folder: Path) -> int:
    """Number of computed values in the cache below `folder`; successful checks of settings are empty."""
    if not (folder / VALUES / "cache.db").exists():
        return 0
    with diskcache.Cache(str(folder / VALUES)) as cache:
        return sum(len(cache[key]) > DIGEST_SIZE for key in cache)


@pytest.mark.parametrize("where", ["dask://local"])
def test_the_pipeline_on_a_cluster_gives_the_same_bytes(project: Project, tmp_path: Path, where: str) -> None:
    before = project.hashes("data", "reports")
    mine = project.environment
    project.environment = mine | {"SER_COMPUTE": where, "SER_CACHE_DIR": str(tmp_path / "cache")}
    try:
        for stage in ("ingest", "extract_librosa", "extract_frames"):
            project.run("dvc", "repro", "--force", "--single-item", stage)
    finally:
        project.environment = mine
    assert project.hashes("data", "reports") == before
