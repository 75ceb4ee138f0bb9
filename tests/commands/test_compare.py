"""Output of `ser compare` for two folders."""

import json
from pathlib import Path

import pandas as pd
import pytest

from ser import cli
from ser.commands import compare
from ser.compare import differences
from ser.core import files, tables
from tests.support.learning_tables import prediction_table, utterance_table, without_speakers

LABELS = ("neutral", "happy", "sad")
FAST = ("--resamples", "128")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(n_speakers: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of two runs, kept in the folders `a` and `b`."""
    utterances = utterance_table(n_speakers, emotions=LABELS)
    a, b = (prediction_table(utterances, accuracy=(0.5, 0.8)[k], labels=LABELS, seed=k) for k in (0, 1))
    tables.write(a, Path("a/predictions.csv"))
    tables.write(b, Path("b/predictions.csv"))
    return a, b


def test_the_table_has_differences_with_their_interval_and_p(capsys: pytest.CaptureFixture[str]) -> None:
    found = differences.comparison(*written(7), n_resamples=128)
    cli.main(["compare", "a", "b", *FAST])
    lines = capsys.readouterr().out.splitlines()
    scope = "test: 140 utterances of 7 speakers that both predicted (left out: 0 only in A, 0 only in B)"
    assert lines[:4] == ["A: a", "B: b", scope, ""]
    assert lines[4].split() == ["%", "A", "B", "B", "-", "A", "95", "%", "interval", "p"]
    assert [line.split()[0] for line in lines[5:10]] == ["uar", "accuracy", *(f"recall.{name}" for name in LABELS)]
    uar = found.uar
    numbers = [float(word) for word in lines[5].split()[1:] if word != "to"]
    assert numbers == pytest.approx(
        [100 * uar[name] for name in ("a", "b", "difference", "low", "high")] + [uar["p"]], abs=0.06
    )
    assert "bootstrap over speakers" in lines[-1]


def test_few_speakers_are_printed_one_by_one_without_an_interval(capsys: pytest.CaptureFixture[str]) -> None:
    written(2)
    cli.main(["compare", "a", "b", *FAST])
    output = capsys.readouterr().out
    assert "95 %" not in output
    assert [line.split()[0] for line in output.splitlines()[-2:]] == ["ravdess/01", "ravdess/02"]
    cli.main(["compare", "a", "b", "--csv", *FAST])
    assert capsys.readouterr().out.splitlines()[0] == "speaker,n_utterances,a,b,difference"


def test_no_speaker_is_announced_where_all_are_unknown() -> None:
    unknown = without_speakers(utterance_table(2, emotions=LABELS))
    rows = prediction_table(unknown, accuracy=0.5, labels=LABELS, seed=0)
    text = compare.as_text(differences.comparison(rows, rows), run_a="a", run_b="b", partition="test")
    assert text.splitlines()[2].startswith("test: 40 utterances of unknown speakers that both predicted")
    assert text.endswith("No interval and no p: they need at least 6 speakers, all known.")


def test_a_transductive_run_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    written(7)
    files.write_json(Path("a/metrics.json"), {"uar": 0.5, "speaker_independent": True})
    files.write_json(Path("b/metrics.json"), {"uar": 0.5, "transductive": True})
    cli.main(["compare", "a", "b", *FAST])
    assert capsys.readouterr().out.splitlines()[:2] == ["A: a", "B: b (transductive)"]
    cli.main(["compare", "b/predictions.csv", "b", "--json", *FAST])
    assert json.loads(capsys.readouterr().out)["transductive"] == ["a", "b"]


@pytest.mark.parametrize("n_speakers", [2, 7])
def test_json_has_null_for_missing_values(n_speakers: int, capsys: pytest.CaptureFixture[str]) -> None:
    found = differences.comparison(*written(n_speakers), n_resamples=128)
    cli.main(["compare", "a", "b", "--json", *FAST])
    said = json.loads(capsys.readouterr().out)
    assert (said["run_a"], said["run_b"], said["partition"], said["n_speakers"]) == ("a", "b", "test", n_speakers)
    assert [row["metric"] for row in said["differences"]] == found.differences["metric"].tolist()
    assert (said["differences"][0]["p"] is None) == (n_speakers < 6)
    assert said["differences"][-1]["p"] is None
    assert [row["difference"] for row in said["speakers"]] == found.speakers["difference"].tolist()


def test_the_csv_equals_the_table_to_the_digit(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    found = differences.comparison(*written(7), n_resamples=128)
    cli.main(["compare", "a", "b", "--csv", *FAST])
    (folder / "found.csv").write_text(capsys.readouterr().out)
    pd.testing.assert_frame_equal(pd.read_csv(folder / "found.csv"), found.differences)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--partition", "dev"), "error: A has predictions of test, and B of test, but both need dev"),
        (("--resamples", "0"), "error: --resamples is 0; it must be 1 or more"),
    ],
)
def test_a_comparison_that_is_not_possible_ends_with_a_message(arguments: tuple[str, ...], message: str) -> None:
    written(2)
    with pytest.raises(SystemExit) as raised:
        cli.main(["compare", "a", "b", *arguments])
    assert str(raised.value.code).startswith(message)
