"""The project after a run of all stages on a small corpus: made once in a run of pytest, and copied for each file."""

import shutil
from pathlib import Path

from tests.support.dvc_project import Project
from tests.support.shared import made_once
from tests.support.synthesis import ravdess_corpus

SPEAKERS = ("01", "02", "03", "04")  # 30 utterances each
QUICK = ("projection.umap.n_neighbors=5", "evaluation.n_resamples=100", "report.n_repeats=0")
SMOTE = "balance.k_neighbors=3"  # as few speakers have few neutral recordings
OUTPUT, CACHE = "output.txt", "cache"


def copied(shared: Path, top: Path) -> Project:
    """A copy of the project in `top`, without YAMNet and without a network; it has its own cache of features.

    Its `corpus` is the folder of the corpus, which no test may change, and `first_output` what `dvc repro` printed.
    """
    corpus = made_once(shared / "first_corpus", lambda folder: ravdess_corpus(folder, speakers=SPEAKERS))
    first = made_once(shared / "first_run", lambda folder: run(folder, corpus))
    project = with_own_cache(Project(top), top)
    for name in ("project", CACHE):
        shutil.rmtree(top / name, ignore_errors=True)
        shutil.copytree(first / name, top / name, symlinks=True)
    project.corpus, project.first_output = corpus, (first / OUTPUT).read_text()
    return project


def run(top: Path, corpus: Path) -> None:
    """Make the project in `top`, run all its stages, and commit before and after."""
    project = with_own_cache(Project(top), top)
    project.compose(f"corpus.root={corpus}", *QUICK, SMOTE)
    project.commit("start")
    (top / OUTPUT).write_text(project.run("dvc", "repro"))
    project.commit("first run")


def with_own_cache(project: Project, top: Path) -> Project:
    """The project with a cache of features that no other project uses."""
    project.environment |= {"SER_CACHE_GB": "1", "SER_CACHE_DIR": str(top / CACHE)}
    return project
