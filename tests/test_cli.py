from pathlib import Path

import pytest

from ser import cli, files


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_summary_shows_every_metric_and_the_pictures_that_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = {"uar": 0.51249, "uar_low": None, "n_speakers": 8, "speaker_independent": True}
    files.write_json(cli.METRICS, metrics)
    Path("reports/confusion_matrix.png").touch()
    cli.main(["summary"])
    assert capsys.readouterr().out.splitlines() == [
        "uar                  0.512",
        "uar_low              -",
        "n_speakers           8",
        "speaker_independent  True",
        "",
        "pictures:",
        "  reports/confusion_matrix.png",
    ]


def test_a_summary_of_nothing_ends_with_the_command_that_makes_it() -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["summary"])
    assert raised.value.code == "error: no reports/metrics.json here; make it with: dvc repro"


@pytest.mark.parametrize(("arguments", "complaint"), [([], "required: command"), (["sumary"], "invalid choice")])
def test_an_unknown_command_is_a_usage_error(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(arguments)
    assert raised.value.code == 2
    assert complaint in capsys.readouterr().err
