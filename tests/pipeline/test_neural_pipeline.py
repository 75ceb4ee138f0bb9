"""Networks and ensembles under DVC: chosen by one setting, killed and resumed, on a small synthesised corpus."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pytest

from tests.support import waiting, warm_python
from tests.support.dvc_project import Project
from tests.support.synthesis import ravdess_corpus

pytestmark = pytest.mark.slow

SPEAKERS = ("01", "02", "03", "04")  # 30 utterances each
SETTINGS = ("projection.umap.n_neighbors=5", "evaluation.n_resamples=100")
TARGETS = ("evaluate", "project")
COMPACT = ("model=cnn_lstm_compact", "training.max_epochs=2")
ATTENTION = (
    *("model.filters=[4,4]", "model.dense_units=8", "model.n_blocks=1", "model.n_heads=2"),
    *("model.max_time_mask=8", "model.max_band_mask=4"),
)
DNN = (
    *("model=dnn", "model.dense_units=[8]", "model.dropouts=[0.2]", "training.max_epochs=6"),
    *("partition=speaker_folds", "partition.n_folds=3"),
)
MARK = 0.123456
FRESH = {warm_python.FRESH: "1"}
TENSORFLOW = ("WARNING", "oneDNN")  # words of its messages


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after its first run, of a network, without what that does not need."""
    top = tmp_path_factory.mktemp("networks")
    project = Project(top)
    project.corpus = ravdess_corpus(top / "corpus", speakers=SPEAKERS)
    project.compose(*settings(project, *COMPACT))
    project.commit("start")
    project.first_output = project.run("dvc", "repro", *TARGETS)
    project.commit("first run")
    return project


def settings(project: Project, *more: str) -> tuple[str, ...]:
    return (f"corpus.root={project.corpus}", *SETTINGS, *more)


def study(project: Project, *more: str) -> str:
    """`dvc exp run` on the small corpus, of what the chosen model needs."""
    return project.study(*settings(project, *more), targets=("evaluate",))


def reproduced(project: Project, *more: str) -> str:
    """The same stages, without an experiment."""
    return project.reproduced(*settings(project, *more), targets=("evaluate",))


def results(project: Project) -> dict[str, str]:
    return project.hashes("reports")


def bundle_of(project: Project) -> Any:
    return project.read_json("models/fold_0/bundle.json")


def test_a_network_is_trained_on_its_own_representation(project: Project) -> None:
    ran = project.ran(project.first_output)
    wanted = {"probe", "ingest", "partition", "extract_log_mel", "balance", "project", "train", "evaluate"}
    assert set(ran) == wanted
    assert len(project.read("reports/projections/tsne.csv")) == len(project.read("data/balanced_dataset.csv"))
    description = bundle_of(project)
    assert description["model"]["name"] == "cnn_lstm_compact"
    assert description["representation"]["name"] == "log_mel"
    assert description["representation"]["settings"]["n_mels"] == 64
    assert description["columns"] == []
    assert np.load(project.folder / "data/log_mel/array.npy", mmap_mode="r").shape == (4 * 30, 64, 94)
    assert len(project.read("models/fold_0/history.csv")) == 2
    assert (project.folder / "reports/learning_curves/plots/metrics/fold_0/dev_uar.tsv").exists()
    assert (project.folder / "reports/learning_curves.png").read_bytes().startswith(b"\x89PNG")


def test_its_balanced_rows_are_references_to_training_rows(project: Project) -> None:
    balanced = project.read("data/balanced_dataset.csv")
    assert list(balanced) == ["fold", "utterance", "variant", "synthetic", "emotion"]
    partitions = project.read("data/partitions.csv").set_index("utterance")["partition"]
    assert set(balanced["utterance"].map(partitions)) == {"train"}
    assert balanced["emotion"].value_counts().nunique() == 1
    assert balanced["synthetic"].any()


def test_nothing_to_do_runs_the_probe_alone_and_leaves_git_clean(project: Project) -> None:
    assert project.ran(project.run("dvc", "repro", *TARGETS)) == ["probe"]
    assert project.run("git", "status", "--short") == ""


def test_dvc_shows_the_learning_curves(project: Project) -> None:
    shown = project.run("dvc", "plots", "show")
    assert "index.html" in shown
    assert "WARNING" not in shown
    page = (project.folder / "dvc_plots/index.html").read_text()
    assert "dev_uar" in page
    assert "learning_curves.png" in page


def test_another_network_is_the_whole_instruction_and_extracts_nothing(project: Project) -> None:
    small = ("model.filters=[4,8]", "model.recurrent_units=8", "training.max_epochs=1")
    output = study(project, "model=cnn_lstm", *small)
    assert project.ran(output) == ["probe", "train", "evaluate"]
    assert "model cnn_lstm" in output
    assert bundle_of(project)["model"]["name"] == "cnn_lstm"


def test_an_ensemble_trains_a_stage_a_member_and_is_scored_by_their_mean(project: Project) -> None:
    small = [f"members.attention.{setting}" for setting in (*ATTENTION, "training.max_epochs=1")]
    small.append("members.svm.balance.k_neighbors=2")
    output = reproduced(project, "model=ensemble", *small)
    ran = project.ran(output)
    assert {"train_member@svm", "train_member@attention", "train", "evaluate"} <= set(ran)
    assert not any(name.startswith("extract_") and name != "extract_librosa" for name in ran)
    predictions = project.read("reports/predictions.csv")
    columns = [name for name in predictions if name.startswith("p_")]
    members = [project.read(f"data/members/{name}/predictions.csv") for name in ("svm", "attention")]
    mean = (members[0][columns].to_numpy() + members[1][columns].to_numpy()) / 2
    np.testing.assert_allclose(predictions[columns].to_numpy(), mean, atol=6e-7)
    test = predictions["partition"] == "test"
    best = np.array([name.removeprefix("p_") for name in columns])[mean.argmax(axis=1)]
    accuracy = (best == predictions["truth"])[test].mean()
    assert project.read_json("reports/metrics.json")["accuracy"] == np.round(accuracy, 6)
    assert (project.folder / "models/fold_0/members/attention/model.keras").exists()
    assert "train_member" not in project.run("git", "status", "--short")
    again = reproduced(project, "model=ensemble", *small)
    assert project.ran(again) == ["probe"]


def test_variants_train_a_network_and_are_never_predicted(project: Project) -> None:
    """Of a network with a layer of our own, which evaluation, in a process of its own, must find."""
    output = reproduced(project, "model=attention", *ATTENTION, "training.max_epochs=1", "augmentation=waveform")
    assert {"extract_log_mel", "balance", "train", "evaluate"} <= set(project.ran(output))
    balanced = project.read("data/balanced_dataset.csv")
    assert set(balanced["variant"]) == {"original", "pitch_shift", "time_stretch", "noise", "time_shift"}
    partitions = project.read("data/partitions.csv").set_index("utterance")["partition"]
    assert set(balanced["utterance"].map(partitions)) == {"train"}
    predictions = project.read("reports/predictions.csv")
    assert predictions["utterance"].is_unique
    assert len(predictions) == (partitions != "train").sum()
    assert np.load(project.folder / "data/log_mel/array.npy", mmap_mode="r").shape == (5 * 4 * 30, 64, 94)


HALTING = """
import importlib.util
import sys
import time

class Finder:
    def find_spec(self, name, path, target=None):
        if name != "ser.models.checkpoints":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def changed(module):
            execute(module)
            keep = module.keep

            def halting(folder, *rest):
                keep(folder, *rest)
                if len(list(folder.parent.glob("*/progress.json"))) == 2:
                    time.sleep(3600)

            module.keep = halting

        spec.loader.exec_module = changed
        return spec

sys.meta_path.insert(0, Finder())
"""
"""Content of `sitecustomize.py`, which Python imports at its start: training halts once two folds have checkpoints."""


def killed_with_two_folds_under_way(project: Project, top: Path, output: TextIO) -> None:
    """Start `dvc repro train`, and kill it and all that it started when two folds have finished epochs."""
    (top / "sitecustomize.py").write_text(HALTING)
    paths = os.pathsep.join([str(top), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        ["dvc", "repro", "train"],
        cwd=project.folder,
        env=project.environment | FRESH | {"PYTHONPATH": paths},
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        waiting.until(lambda: process.poll() is not None or len(checkpoints_of(project)) == 2)
        assert process.poll() is None, "the run ended before it could be killed"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def checkpoints_of(project: Project) -> dict[Path, list[dict[str, float]]]:
    """Files of the folds that are under way, and the figures of their finished epochs."""
    paths = (project.folder / "checkpoints/models").glob("*/progress.json")
    return {path: json.loads(path.read_text()) for path in paths}


def test_a_killed_run_is_resumed_and_ends_as_if_it_had_not_been_killed(project: Project, tmp_path: Path) -> None:
    """And new processes, which import TensorFlow, print none of its messages."""
    project.run("git", "checkout", "--quiet", "--force", "HEAD")
    project.compose(*settings(project, *DNN))
    project.run("dvc", "repro", "balance")
    with (tmp_path / "output.txt").open("w") as output:
        killed_with_two_folds_under_way(project, tmp_path, output)
    printed = (tmp_path / "output.txt").read_text()
    assert "Running stage 'train'" in printed
    assert not {word for word in TENSORFLOW if word in printed}
    assert not (project.folder / "models").exists()
    assert "checkpoints" not in project.run("git", "status", "--short", "--untracked-files=all")
    left = sorted(checkpoints_of(project).items(), key=lambda item: -len(item[1]))
    assert len(left) == 2
    for path, epochs in left:  # figures that no training has, and that decide nothing
        path.write_text(json.dumps([epochs[0] | {"accuracy": MARK}, *epochs[1:]]))

    ran = project.ran(project.run("dvc", "repro", "evaluate"))
    assert {"train", "evaluate"} <= set(ran)
    resumed = results(project)
    marked = [project.read(f"models/fold_{fold}/history.csv")["accuracy"].eq(MARK).sum() for fold in range(3)]
    assert marked == [1, 1, 0]
    assert not [path for path in (project.folder / "checkpoints").rglob("*") if path.is_file()]

    project.run("python", "-m", "stages.train")
    printed = project.run("python", "-m", "stages.evaluate", **FRESH)
    assert "UAR" in printed
    assert not {word for word in TENSORFLOW if word in printed}
    assert not project.read("models/fold_0/history.csv")["accuracy"].eq(MARK).any()
    assert {"reports/predictions.csv", "reports/metrics.json"} <= set(resumed)
    assert results(project) == resumed
