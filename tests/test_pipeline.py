"""The whole pipeline under DVC, on a small synthesised corpus, in a copy of the project with its own Git history."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import wiring
from synthesis import ravdess_corpus

from ser.features import hub

pytestmark = pytest.mark.slow

HANDLE = "https://tfhub.dev/google/yamnet/1"
CACHED = hub.cache_folder() if hub.is_cached(HANDLE) else None
SPEAKERS = tuple(f"{number:02}" for number in range(1, 9))
COPIED = ("ser", "stages", "conf", ".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitignore", "dvc.yaml")


class Project:
    """A copy of the project, and DVC in it."""

    def __init__(self, folder: Path, corpus: Path) -> None:
        self.folder = folder
        self.corpus = corpus
        no_network = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        home = {"HOME": str(folder.parent / "home"), "TFHUB_CACHE_DIR": str(folder.parent / "no_models")}
        names = {f"GIT_{role}_{what}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.environment = {**os.environ, **no_network, **home, **names, "PATH": path}

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command; its output, both streams together."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert (done.returncode != 0) == fails, done.stdout
        assert "Traceback" not in done.stdout, done.stdout
        return done.stdout

    def ran(self, output: str) -> list[str]:
        """Names of the stages that ran, as DVC printed them."""
        return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]

    def study(self, *settings: str) -> str:
        """`dvc exp run` on the small corpus."""
        overrides = [f"corpus.root={self.corpus}", "projection.umap.n_neighbors=5", *settings]
        return self.run("dvc", "exp", "run", *(word for setting in overrides for word in ("-S", setting)))

    def read(self, path: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / path)

    def metrics(self) -> dict[str, object]:
        return json.loads((self.folder / "reports/metrics.json").read_text())

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every csv and json that the stages wrote."""
        found = [path for top in ("data", "reports") for path in (self.folder / top).rglob("*.[cj]s*")]
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found
        }


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project after its first run, without YAMNet and without a network."""
    top = tmp_path_factory.mktemp("pipeline")
    project = Project(top / "project", ravdess_corpus(top / "corpus", speakers=SPEAKERS))
    (top / "home").mkdir()
    project.folder.mkdir()
    for name in COPIED:
        source, target = wiring.ROOT / name, project.folder / name
        target.parent.mkdir(exist_ok=True, parents=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    project.run(sys.executable, "-m", "ser.params", f"corpus.root={project.corpus}", "projection.umap.n_neighbors=5")
    project.run("git", "init", "--quiet")
    project.run("git", "add", ".")
    project.run("git", "commit", "--quiet", "-m", "start")
    project.first_output = project.run("dvc", "repro")
    project.run("git", "add", ".")
    project.run("git", "commit", "--quiet", "-m", "first run")
    return project


def test_without_yamnet_all_else_is_made_and_one_warning_says_why(project):
    output = project.first_output
    assert output.count("warning: YAMNet features are marked unavailable") == 1
    assert "set TFHUB_CACHE_DIR" in output
    assert list(project.read("data/yamnet_extracted_features.csv")) == [
        "utterance",
        "variant",
        "emotion",
        "unavailable",
    ]
    assert project.read("data/yamnet_extracted_features.csv").empty
    assert project.read("data/librosa_extracted_features.csv").shape == (8 * 30, 3 + 120)
    for path in ("confusion_matrix.png", "per_class.png", "projections/tsne.png", "projections/umap.png"):
        assert (project.folder / "reports" / path).read_bytes().startswith(b"\x89PNG")


def test_the_run_first_says_what_is_studied(project):
    lines = [line for line in project.first_output.splitlines() if line and not line.startswith((">", "Running"))]
    assert lines[0] == "corpus demo, partition speaker_holdout, model svm"


def test_no_speaker_is_on_two_sides_and_only_training_rows_are_balanced(project):
    speaker = project.read("data/utterances.csv").set_index("utterance")["speaker"]
    partitions = project.read("data/partitions.csv")
    sides = partitions.groupby(partitions["utterance"].map(speaker))["partition"].nunique()
    assert (sides == 1).all()
    balanced = project.read("data/balanced_dataset.csv")
    train = set(partitions.loc[partitions["partition"] == "train", "utterance"])
    assert set(balanced["utterance"]) == train
    assert balanced["emotion"].value_counts().nunique() == 1
    assert balanced["synthetic"].sum() == len(balanced) - len(train) > 0


def test_scores_are_those_of_the_predictions(project):
    predictions = project.read("reports/predictions.csv")
    test = predictions[predictions["partition"] == "test"]
    recall = (test["truth"] == test["prediction"]).groupby(test["truth"]).mean()
    assert project.metrics()["uar"] == pytest.approx(recall.mean(), abs=1e-6)
    assert project.metrics()["speaker_independent"] is True
    probabilities = predictions.filter(like="p_")
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)


def test_nothing_to_do_runs_the_probe_alone_and_leaves_git_clean(project):
    output = project.run("dvc", "repro")
    assert project.ran(output) == ["probe"]
    assert project.run("git", "status", "--short") == ""


def test_forced_runs_write_the_same_bytes(project):
    before = project.hashes()
    assert {"data/utterances.csv", "reports/metrics.json", "reports/projections/umap.csv"} <= set(before)
    assert len(project.ran(project.run("dvc", "repro", "--force"))) == 10
    assert project.hashes() == before


def test_another_model_runs_train_and_evaluate_alone(project):
    output = project.study("model=logistic_regression")
    assert project.ran(output) == ["probe", "train", "evaluate"]
    assert "model logistic_regression" in output


def test_a_model_on_yamnet_without_yamnet_is_refused_with_the_remedy(project):
    settings = ("-S", f"corpus.root={project.corpus}", "-S", "model.representation=yamnet")
    output = project.run("dvc", "exp", "run", *settings, fails=True)
    assert "error: the model https://tfhub.dev/google/yamnet/1 is neither in" in output
    assert "set TFHUB_CACHE_DIR" in output


def test_a_missing_corpus_is_refused_with_the_remedy(project):
    output = project.run("dvc", "exp", "run", "-S", "corpus=ravdess", fails=True)
    assert "error: corpus.root data/raw/ravdess is not a folder" in output
    assert "dvc add data/raw/ravdess" in output


def test_a_typo_in_a_setting_is_named(project):
    settings = ("-S", f"corpus.root={project.corpus}", "-S", "+partition.n_folsd=3")
    output = project.run("dvc", "exp", "run", *settings, fails=True)
    assert "n_folsd" in output


def test_choosing_by_dev_leaves_the_test_figures_out(project):
    project.study("evaluation.test=false")
    assert set(project.metrics()) == {"speaker_independent", "protocol", "dev.uar", "dev.accuracy"}
    assert set(project.read("reports/predictions.csv")["partition"]) == {"dev"}


def test_folds_are_pooled_and_every_utterance_is_tested_once(project):
    project.study("partition=speaker_folds", "partition.n_folds=4", "balance=random_oversampler")
    assert project.metrics()["n_utterances"] == 8 * 30
    balanced = project.read("data/balanced_dataset.csv")
    original = balanced[~balanced["synthetic"]]
    assert original.filter(like="MFCC").isna().all(axis=None)
    assert balanced.loc[balanced["synthetic"], "MFCC_1"].notna().all()
    test = project.read("reports/predictions.csv").query("partition == 'test'")
    assert test["utterance"].is_unique


def test_dvc_shows_metrics_plots_and_differences(project):
    assert "uar" in project.run("dvc", "metrics", "show")
    assert "index.html" in project.run("dvc", "plots", "show")
    assert "speaker_holdout" in project.run("dvc", "exp", "show", "--csv")
    project.run("dvc", "metrics", "diff")


def test_queued_studies_run_in_their_copies(project):
    project.run("git", "checkout", "--quiet", "--force", "HEAD")
    settings = ("-S", f"corpus.root={project.corpus}", "-S", "projection.umap.n_neighbors=5")
    project.run("dvc", "exp", "run", "--queue", *settings, "-S", "model=svm,random_forest")
    project.run("dvc", "queue", "start")
    for _ in range(60):
        status = project.run("dvc", "queue", "status")
        if "Queued" not in status and "Running" not in status:
            break
        subprocess.run(["sleep", "3"], check=True)
    assert status.count("Success") == 2, status
    project.run("dvc", "queue", "stop")


@pytest.mark.skipif(CACHED is None, reason="TFHUB_CACHE_DIR is not set, or has no YAMNet")
def test_yamnet_is_picked_up_once_it_is_there(project):
    project.run("git", "checkout", "--quiet", "--force", "HEAD")
    project.environment["TFHUB_CACHE_DIR"] = str(CACHED)
    assert {"extract_yamnet", "combine"} <= set(project.ran(project.run("dvc", "repro")))
    assert project.read("data/yamnet_extracted_features.csv").shape == (8 * 30, 3 + 1024)
    assert project.read("data/yamnet_librosa_features.csv").shape == (8 * 30, 3 + 1024 + 120)
    assert project.ran(project.run("dvc", "repro")) == ["probe"]
    output = project.study("model.representation=yamnet_librosa")
    assert project.ran(output) == ["probe", "balance", "project", "train", "evaluate"]
    bundle = json.loads((project.folder / "models/fold_0/bundle.json").read_text())
    assert set(bundle["representation"]["settings"]) == {"yamnet", "librosa"}
