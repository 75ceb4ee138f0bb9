"""Trackers get the parameters, numbers and files of a run; the true ones are tried where they are installed."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ser.core import extras, params_file
from ser.reporting import tracking
from ser.sections import table
from tests.support.paths import ROOT

METRICS = {"uar": 0.5, "uar_low": None, "n_speakers": 8, "speaker_independent": True, "recall.sad": 0.25}
SETTINGS: dict[str, dict[str, Any]] = {
    "mlflow": {"uri": "sqlite:///mlflow.db", "experiment": "ser"},
    "wandb": {"project": "ser", "mode": "offline"},
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tracking.Run:
    """Run of the committed study in an empty folder, with one file."""
    monkeypatch.chdir(tmp_path)
    Path("reports").mkdir()
    Path("reports/metrics.json").write_text(json.dumps(METRICS))
    return tracking.run_of(params_file.everything(ROOT / "params.yaml"), METRICS)


def test_a_run_has_all_settings_the_numbers_and_the_files_that_exist(run: tracking.Run) -> None:
    assert run.name == "demo svm"
    assert run.metrics == {"uar": 0.5, "n_speakers": 8.0, "recall.sad": 0.25}
    assert run.parameters["partition.name"] == "speaker_holdout"
    assert run.parameters["speaker_independent"] == "True"
    assert "uar_low" not in run.parameters
    assert all(len(value) <= tracking.LONGEST for value in run.parameters.values())
    assert run.artefacts == (Path("reports/metrics.json"),)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_tracker_that_is_not_installed_is_named_with_its_extra(
    name: str, run: tracking.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(extras.Missing, match=rf"pip install -e '\.\[{name}\]'"):
        tracking.track(run, name=name, **SETTINGS[name])


@pytest.mark.parametrize("copy", [".dvc/tmp/exps/tmp1", ".dvc/tmp/exps/standalone/tmp1"])  # --queue and --temp
def test_a_run_in_a_copy_that_dvc_removes_is_written_to_the_project(
    copy: str, run: tracking.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / copy / "reports"
    copied.mkdir(parents=True)
    (copied / "metrics.json").write_text("{}")
    monkeypatch.chdir(copied.parent)

    def recorded(run: tracking.Run) -> str:
        return f"{Path.cwd()} {[path.read_text() for path in run.artefacts]}"

    monkeypatch.setattr(tracking, "TRACKERS", {"recorder": recorded})
    assert tracking.track(run, name="recorder") == f"{tmp_path} ['{{}}']"
    assert Path.cwd() == copied.parent


def test_settings_of_another_tracker_are_told() -> None:
    assert table.CHECKS["tracking"]("tracking", {"name": "none"}) == []
    assert table.CHECKS["tracking"]("tracking", {"name": "mlflow", **SETTINGS["mlflow"]}) == []
    assert "uri" in str(table.CHECKS["tracking"]("tracking", {"name": "wandb", **SETTINGS["mlflow"]}))
    assert "comet" in str(table.CHECKS["tracking"]("tracking", {"name": "comet"}))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of MLflow
def test_a_local_mlflow_has_the_run(run: tracking.Run) -> None:
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed: pip install -e '.[mlflow]'")
    assert "MLflow at sqlite:///mlflow.db" in tracking.track(run, name="mlflow", **SETTINGS["mlflow"])
    (found,) = mlflow.MlflowClient().search_runs(["1"])
    assert found.data.metrics == dict(run.metrics)
    assert found.data.params == dict(run.parameters)
    assert [one.path for one in mlflow.MlflowClient().list_artifacts(found.info.run_id)] == ["metrics.json"]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of wandb
def test_offline_wandb_has_the_run(run: tracking.Run) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed: pip install -e '.[wandb]'")
    assert "offline" in tracking.track(run, name="wandb", **SETTINGS["wandb"])
    (folder,) = Path("wandb").glob("offline-run-*")
    assert next(folder.glob("*.wandb")).stat().st_size > 1000
