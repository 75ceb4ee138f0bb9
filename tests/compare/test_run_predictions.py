"""Places of the predictions of a run, and messages if there are none."""

from pathlib import Path

import pandas as pd
import pytest

from ser.compare import run_predictions
from ser.core import files, tables
from tests.support.learning_tables import prediction_table, utterance_table

TABLE = prediction_table(utterance_table(2))
DEV = prediction_table(utterance_table(3, corpus="other"), partition="dev")
BOTH = pd.concat([TABLE, DEV], ignore_index=True)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "run"),
    [
        ("reports/predictions.csv", "workspace"),
        ("reports/predictions.csv", "."),
        ("elsewhere/reports/predictions.csv", "elsewhere"),
        ("kept/predictions.csv", "kept"),
        ("kept/mine.csv", "kept/mine.csv"),
    ],
)
def test_a_run_is_a_project_a_folder_or_a_file(path: str, run: str) -> None:
    tables.write(TABLE, Path(path))
    assert len(run_predictions.predictions(run)) == len(TABLE)


@pytest.mark.parametrize(
    ("run", "marked"), [("workspace", True), ("kept", False), ("mine.csv", False), ("kept/mine.csv", False)]
)
def test_a_run_is_marked_by_the_metrics_beside_its_predictions_alone(run: str, marked: bool) -> None:
    files.write_json(Path("reports/metrics.json"), {"uar": 0.5, "transductive": True})
    for path in ("reports/predictions.csv", "kept/predictions.csv", "mine.csv", "kept/mine.csv"):
        tables.write(TABLE, Path(path))
    assert run_predictions.is_transductive(run) is marked


def test_a_folder_without_predictions_does_not_hide_a_revision_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("docs").mkdir()
    metrics = {("reports/metrics.json", "docs"): '{"transductive": true}'}
    monkeypatch.setattr("dvc.api.read", lambda path, rev: metrics[path, rev])
    assert run_predictions.is_transductive("docs")


@pytest.mark.parametrize("run", ["workspace", "."])
def test_without_predictions_the_message_has_the_remedy(run: str) -> None:
    with pytest.raises(ValueError, match=r"no reports/predictions\.csv here; make it with: dvc repro evaluate"):
        run_predictions.predictions(run)


def test_outside_a_project_a_name_is_not_a_revision() -> None:
    with pytest.raises(
        ValueError, match=r"main is no folder with predictions\.csv, no Git revision and no experiment; list"
    ):
        run_predictions.predictions("main")


@pytest.mark.parametrize(
    ("a", "b", "wanted", "found"),
    [(BOTH, BOTH, None, "test"), (BOTH, DEV, None, "dev"), (DEV, DEV, None, "dev"), (BOTH, BOTH, "dev", "dev")],
)
def test_test_is_compared_or_dev_if_a_run_has_no_test(
    a: pd.DataFrame, b: pd.DataFrame, wanted: str | None, found: str
) -> None:
    name, *rows = run_predictions.shared_partition(a, b, wanted)
    assert name == found
    assert [set(own["partition"]) for own in rows] == [{found}, {found}]


@pytest.mark.parametrize(("wanted", "lacking"), [(None, "test or dev"), ("test", "test")])
def test_runs_without_a_partition_in_common_are_refused(wanted: str | None, lacking: str) -> None:
    with pytest.raises(
        ValueError, match=f"A has predictions of test, and B of dev, but both need {lacking}; run both with"
    ):
        run_predictions.shared_partition(TABLE, DEV, wanted)
