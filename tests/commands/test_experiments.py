"""`ser experiments`, on runs that are given to it; tests/pipeline/test_pipeline.py has those that DVC made."""

import csv
import json
import re
from datetime import datetime
from functools import cache

import pytest

from ser import cli
from ser.commands import experiments
from ser.compare import dvc_runs
from ser.tuning.experiments import composed
from tests.support.paths import CONF, ROOT

TESTED = {
    "speaker_independent": True,
    "protocol": "speaker_holdout (speaker-independent)",
    "dev.uar": 0.6,
    "uar": 0.512345,
    "uar_low": 0.45,
    "uar_high": 0.6,
}


def run(name, *study, state="done", hour=9, **metrics):
    settings = composed(list(study), conf=CONF)
    date = None if name == dvc_runs.WORKSPACE else datetime(2026, 5, 4, hour)
    found = {key: value for key, value in (TESTED | metrics).items() if value != "left out"}
    return dvc_runs.Run(name, state, settings, found if state == "done" else {}, date)


@cache
def study_runs():
    """Runs, composed in the process that runs these tests alone."""
    return [
        run("workspace", "seed=1", state="not evaluated"),
        run("late-run", "model=random_forest", state="failed", hour=12),
        run("wait-here", "model=mlp", state="queued", hour=11),
        run("good-one", "model=mlp", "model.alpha=1.0", **{"dev.uar": 0.7}),
        run("dev-only", "balance=none", **{"dev.uar": 0.65, "uar": "left out", "uar_low": "left out"}),
        run("few-here", "corpus=tess", uar_low=None, uar_high=None),
        run("known-all", "partition=random", speaker_independent=False, transductive=True, **{"dev.uar": 0.9}),
    ]


@pytest.fixture(autouse=True)
def runs(monkeypatch):
    listings = {False: dvc_runs.Listing(ROOT, study_runs(), 2), True: dvc_runs.Listing(ROOT, study_runs(), 0)}
    monkeypatch.setattr(dvc_runs, "listing", lambda *, all_commits: listings[all_commits])


def printed(capsys, *options):
    cli.main(["experiments", *options])
    return capsys.readouterr().out


def test_the_table_has_the_workspace_then_the_best_dev_uar_first_then_what_has_no_score(capsys):
    head, *rows = printed(capsys).splitlines()[: len(study_runs()) + 1]
    assert [row.split()[0] for row in rows] == [
        *("workspace", "known-all", "good-one", "dev-only", "few-here", "late-run", "wait-here"),
    ]
    starts = [column.start() for column in re.finditer(r"\S+( \S+)*", head)]
    ends = [*starts[1:], None]
    table = {row.split()[0]: [row[a:b].strip() for a, b in zip(starts, ends, strict=True)] for row in rows}
    assert table["good-one"] == [
        *("good-one", "2026-05-04 09:00", "mlp", "librosa", "demo", "speaker_holdout"),
        *("70.0", "51.2", "45.0 to 60.0", "model.alpha=1.0"),
    ]
    assert table["dev-only"][6:] == ["65.0", "-", "", "balance=none"]
    assert table["few-here"][4:] == ["tess", "speaker_holdout", "60.0", "51.2", "", ""]
    assert table["known-all"][5] == "random (speaker-dependent, transductive)"
    assert table["late-run"][6:9] == ["failed", "-", ""]
    assert table["workspace"][6:] == ["not evaluated", "-", "", "seed=1"]


def test_experiments_of_other_commits_are_counted_until_they_are_listed(capsys):
    count = "6 experiments of this commit; 2 started from other commits: ser experiments --all-commits\n"
    assert count in printed(capsys)
    assert "6 experiments of all commits\n" in printed(capsys, "-A")


def test_a_project_without_experiments_shows_the_workspace_and_how_to_make_one(capsys, monkeypatch):
    monkeypatch.setattr(dvc_runs, "listing", lambda **_: dvc_runs.Listing(ROOT, study_runs()[:1], 0))
    out = printed(capsys)
    assert out.splitlines()[1].startswith("workspace ")
    assert "no experiments of this commit; dvc exp run makes one, for example: dvc exp run -S model=mlp" in out


def test_json_has_every_override_and_null_for_what_there_is_not(capsys):
    rows = {row["run"]: row for row in json.loads(printed(capsys, "--json"))}
    assert rows["good-one"] == {
        "run": "good-one",
        "date": "2026-05-04 09:00",
        "state": "done",
        "model": "mlp",
        "representation": "librosa",
        "corpus": "demo",
        "partition": "speaker_holdout",
        "speaker_independent": True,
        "transductive": False,
        "dev.uar": 0.7,
        "uar": 0.512345,
        "uar_low": 0.45,
        "uar_high": 0.6,
        "overrides": ["model=mlp", "model.alpha=1.0"],
    }
    assert rows["late-run"]["uar"] is rows["late-run"]["transductive"] is rows["few-here"]["uar_low"] is None


def test_csv_has_the_same_rows(capsys):
    rows = list(csv.DictReader(printed(capsys, "--csv").splitlines()))
    assert list(rows[0]) == list(experiments.COLUMNS)
    assert [row["run"] for row in rows][:2] == ["workspace", "known-all"]
    (good,) = (row for row in rows if row["run"] == "good-one")
    assert (good["uar"], good["overrides"]) == ("0.512345", "model=mlp model.alpha=1.0")


def test_an_ensemble_shows_its_name_in_conf_and_the_representations_of_its_members(monkeypatch, capsys):
    monkeypatch.setattr(dvc_runs, "listing", lambda **_: dvc_runs.Listing(ROOT, [run("workspace", "model=best")], 0))
    (row,) = json.loads(printed(capsys, "--json"))
    assert (row["model"], row["representation"]) == ("best", "whisper + yamnet_bands")


def test_a_run_without_parameters_is_listed_all_the_same(monkeypatch, capsys):
    empty = dvc_runs.Run("workspace", "not evaluated", {})
    monkeypatch.setattr(dvc_runs, "listing", lambda **_: dvc_runs.Listing(ROOT, [empty], 0))
    (row,) = json.loads(printed(capsys, "--json"))
    assert (row["run"], row["model"], row["representation"], row["overrides"]) == ("workspace", None, None, [])


def test_long_and_many_settings_are_cut_in_the_table_alone():
    words = [f"librosa.n{number}={number}" for number in range(8)]
    assert experiments.settings_cell(words) == " ".join([*words[:6], "and 2 more"])
    assert experiments.settings_cell([f"librosa.descriptors={'x' * 90}"]) == f"librosa.descriptors={'x' * 19}…"


def test_a_project_without_conf_is_refused_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(dvc_runs, "listing", lambda **_: dvc_runs.Listing(tmp_path, study_runs()[:1], 0))
    with pytest.raises(SystemExit, match=r"conf does not exist.*restore it: git checkout conf"):
        cli.main(["experiments"])
