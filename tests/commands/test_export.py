"""`ser export`: every format with its card and comparison on the test utterances of the fold, and errors."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from ser import cli
from ser.core import tables
from ser.models import bundle, bundle_file
from ser.serving import export, recognition
from tests.support import small_study
from tests.support.small_study import FOUR, configuration
from tests.support.synthesis import tone

WITHIN = {"litert_float16": 5e-3, "litert_int8": 0.1}  # of weights that are kept in fewer bits
FORMATS = {"svm": ["onnx"], "cnn": ["litert", "litert_float16", "litert_int8", "saved_model"]}
HEADER = ["format", "size", "difference", "agreement", "uar", "latency"]


def run(*arguments: str | Path) -> str:
    """Output of `ser export`, with a constant latency."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "N_TIMED", 5)
        import contextlib
        import io

        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            cli.main(["export", *map(str, arguments)])
    return printed.getvalue()


def complaint(*arguments: str | Path) -> str:
    with pytest.raises(SystemExit) as raised:
        run(*arguments)
    return str(raised.value.code)


@pytest.fixture(scope="module", params=[pytest.param("cnn", marks=pytest.mark.slow), "svm"])
def exported(
    request: pytest.FixtureRequest, small_studies: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, str]:
    """Name of a model, folder of its study after `ser export models/fold_1`, and the printed output."""
    folder = tmp_path_factory.mktemp(request.param)
    shutil.copytree(small_studies(request.param), folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        printed = run("models/fold_1")
    return request.param, folder, printed


@pytest.fixture
def study(exported: tuple[str, Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the study, which a test may change, as the working folder."""
    folder = tmp_path / "study"
    shutil.copytree(exported[1], folder)
    monkeypatch.chdir(folder)
    return folder


def comparison(folder: Path) -> list[dict[str, Any]]:
    with (folder / "exports/fold_1/comparison.csv").open() as file:
        return list(csv.DictReader(file))


# Written files


def test_every_format_is_written_with_its_card_and_nothing_else(exported: tuple[str, Path, str]) -> None:
    name, folder, _ = exported
    exports = folder / "exports/fold_1"
    assert sorted(path.name for path in exports.iterdir()) == ["comparison.csv", *FORMATS[name]]
    for one in FORMATS[name]:
        assert (exports / one / "README.md").read_text().startswith(f"# Model card: {name} on ")
        assert (exports / one / "bundle.json").is_file()
    assert not list(folder.rglob(".partial.*"))
    assert [path.name for path in (folder / "exports").iterdir()] == ["fold_1"]


def test_the_comparison_is_on_all_test_utterances_and_the_bundle_is_its_own_reference(
    exported: tuple[str, Path, str],
) -> None:
    name, folder, printed = exported
    rows = comparison(folder)
    assert list(rows[0]) == HEADER
    assert [row["format"] for row in rows] == ["bundle", *FORMATS[name]]
    assert (float(rows[0]["difference"]), float(rows[0]["agreement"])) == (0, 1)
    predictions = tables.read_predictions(folder / "reports/predictions.csv")
    own = predictions[(predictions["partition"] == "test") & (predictions["fold"] == 1)]
    recall = [(own.loc[own["truth"] == one, "prediction"] == one).mean() for one in sorted(set(own["truth"]))]
    assert float(rows[0]["uar"]) == pytest.approx(np.mean(recall))
    assert f"on {len(own)} test utterances of fold_1:" in printed
    for row in rows[1:]:
        assert float(row["difference"]) < WITHIN.get(row["format"], 1e-5)
        assert float(row["agreement"]) >= (0.8 if row["format"] in WITHIN else 1)
        assert int(row["size"]) > 1000
        assert float(row["latency"]) > 0


def test_the_printed_table_has_the_same_rows_and_says_where_they_are(exported: tuple[str, Path, str]) -> None:
    name, folder, printed = exported
    for row in comparison(folder):
        (line,) = [line for line in printed.splitlines() if line.startswith(f"{row['format']} ")]
        cells = line.split()
        assert cells[2] == "MB"
        assert float(cells[1]) == pytest.approx(int(row["size"]) / 1e6, abs=0.005)
        assert float(cells[3]) == pytest.approx(100 * float(row["uar"]), abs=0.05)
        assert float(cells[4]) == pytest.approx(100 * float(row["agreement"]), abs=0.05)
        assert float(cells[5]) == pytest.approx(float(row["difference"]), rel=0.06)
    assert re.findall(r"exports/fold_1/\w+", printed) == [f"exports/fold_1/{one}" for one in FORMATS[name]]


def test_the_size_is_that_of_the_files_that_are_there(exported: tuple[str, Path, str]) -> None:
    """The size includes the card, and all files of the bundle."""
    _, folder, _ = exported
    for row in comparison(folder):
        where = folder / ("models/fold_1" if row["format"] == "bundle" else f"exports/fold_1/{row['format']}")
        assert int(row["size"]) == sum(path.stat().st_size for path in where.rglob("*") if path.is_file())


def test_an_export_gives_the_probabilities_of_predictions_csv(exported: tuple[str, Path, str]) -> None:
    name, folder, _ = exported
    config = configuration(name)
    features = small_study.input_of(config, folder)
    predictions = tables.read_predictions(folder / "reports/predictions.csv")
    own = predictions[(predictions["partition"] == "test") & (predictions["fold"] == 1)]
    model = bundle.load(folder / "exports/fold_1" / FORMATS[name][0])
    found = model.probabilities(features, features.positions(small_study.originals(own["utterance"])))
    assert model.labels == list(FOUR)
    np.testing.assert_allclose(found, own[[f"p_{label}" for label in FOUR]].to_numpy(), atol=1e-5)


def test_an_export_can_be_repeated_and_written_to_another_folder(study: Path) -> None:
    first = {path: path.read_bytes() for path in sorted(study.glob("exports/fold_1/*/README.md"))}
    run("models/fold_1")
    assert {path: path.read_bytes() for path in first} == first
    run("models/fold_1", "--to", "some where/else")
    names = {path.name for path in (study / "exports/fold_1").iterdir()}
    assert {path.name for path in (study / "some where/else").iterdir()} == names


# Errors


def test_names_of_speakers_of_own_recordings_are_not_exported(study: Path) -> None:
    about = bundle.read_description(Path("models/fold_1"))
    bundle_file.write(about | {"speakers": ["folders/anna", "folders/mary"]}, Path("models/fold_1"))
    run("models/fold_1", "--to", "others")
    for folder in Path("others").glob("*/"):
        assert bundle.read_description(folder)["speakers"] == ["folders/1", "folders/2"]
        assert "anna" not in (folder / "README.md").read_text()


def test_an_export_of_an_export_is_refused_with_the_remedy(exported: tuple[str, Path, str], study: Path) -> None:
    message = complaint(f"exports/fold_1/{FORMATS[exported[0]][0]}")
    assert "is already an export; give the folder of the trained model" in message
    assert message.startswith("error: exports/fold_1/")


def test_other_settings_of_the_representation_are_refused_with_the_remedy(study: Path) -> None:
    config = yaml.safe_load(Path("params.yaml").read_text())
    config["representation"]["settings"]["sample_rate"] = 8000
    small_study.write_params(config)
    message = complaint("models/fold_1", "--to", "other")
    assert "fold_1 was trained on other features than those of params.yaml" in message
    assert "dvc repro evaluate" in message
    assert not Path("other").exists()


@pytest.mark.parametrize("missing", ["reports/predictions.csv", "reports/metrics.json"])
def test_missing_reports_are_named_with_the_remedy_and_nothing_is_written(missing: str, study: Path) -> None:
    Path(missing).unlink()
    message = complaint("models/fold_1", "--to", "other")
    assert missing in message
    assert "does not exist" in message
    assert "dvc repro evaluate" in message
    assert not Path("other").exists()


def test_a_folder_that_is_not_a_fold_is_refused_with_the_remedy(study: Path) -> None:
    shutil.copytree("models/fold_1", "models/best")
    message = complaint("models/best")
    assert "has no test utterances of best; give the folder of a fold, as models/fold_0" in message
    assert not Path("exports/best").exists()


def test_predictions_of_dev_alone_are_refused(study: Path) -> None:
    predictions = tables.read_predictions(Path("reports/predictions.csv"))
    tables.write(predictions[predictions["partition"] == "dev"], Path("reports/predictions.csv"))
    assert "has no test utterances of fold_1" in complaint("models/fold_1", "--to", "other")


def test_a_folder_without_a_model_is_refused_with_the_remedy(study: Path) -> None:
    Path("empty").mkdir()
    assert re.search(r"no model in empty \(bundle.json\); train one with: dvc repro train", complaint("empty"))
    assert "no model in absent" in complaint("absent")
    assert re.search(r"models contains \d models?; choose one, as models/fold_", complaint("models"))


def test_a_trailing_slash_and_a_dot_are_the_same_fold(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "test utterances of fold_1" in run("./models/fold_1/", "--to", "other")


def test_an_ensemble_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "models/fold_0"
    folder.mkdir(parents=True)
    content = {"format": bundle.FORMAT, "labels": list(FOUR), "members": ["svm", "cnn"], "model": {"name": "ensemble"}}
    (folder / "bundle.json").write_text(json.dumps(content))
    monkeypatch.chdir(tmp_path)
    message = complaint("models/fold_0")
    assert "models/fold_0 is an ensemble, which cannot be exported; train one of its members" in message
    assert not Path("exports").exists()


@pytest.mark.slow
def test_an_ensemble_and_its_members_are_refused(
    small_studies: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(small_studies("ensemble", "svm", "cnn"))
    assert re.search(
        r"is an ensemble.*train one of its members.* -S model=svm, and export that", complaint("models/fold_0")
    )
    assert "has no test utterances of svm" in complaint("models/fold_0/members/svm")
    assert not Path("exports").exists()


# Predictions of exports


def test_the_command_predicts_with_the_export_what_it_predicts_with_the_bundle(
    exported: tuple[str, Path, str], study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The features of the small study are synthetic, so its bundles get a real extraction with as many values."""
    name = exported[0]
    settings = {
        "svm": {
            "name": "six",
            "sample_rate": 16000,
            "n_fft": 512,
            "hop_length": 256,
            "descriptors": [{"name": "mfcc", "n_mfcc": 6, "functionals": ["mean"]}],
        },
        "cnn": {
            "name": "small",
            "sample_rate": 16000,
            "duration": 0.5,
            "n_fft": 1024,
            "hop_length": 727,
            "n_mels": 8,
            "fmax": 8000.0,
        },
    }[name]
    folders = {one: Path("exports/fold_1") / one for one in FORMATS[name] if one.startswith(("onnx", "litert"))}
    for folder in (Path("models/fold_1"), *folders.values()):
        description = json.loads((folder / "bundle.json").read_text())
        description["representation"]["settings"] = settings
        if name == "svm":
            description["columns"] = [f"MFCC_{k}" for k in range(1, 7)]
        (folder / "bundle.json").write_text(json.dumps(description))
    for k in range(3):
        soundfile.write(f"{k}.wav", tone(300 * (k + 1), 0.6 + k) + tone(2000, 0.6 + k, level=0.01), 16_000)

    def predicted(folder: Path) -> list[dict[str, Any]]:
        cli.main(["predict", "--model", str(folder), "--all-speech", "--json", "0.wav", "1.wav", "2.wav"])
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return found

    reference = predicted(Path("models/fold_1"))
    assert len(reference) == 3
    for one, folder in folders.items():
        for found, expected in zip(predicted(folder), reference, strict=True):
            within = WITHIN.get(one, 1e-5)
            assert found["probabilities"] == pytest.approx(expected["probabilities"], abs=within)
            assert list(found["probabilities"]) == list(FOUR)


def test_a_saved_model_is_refused_because_it_is_for_tensorflow_serving(
    exported: tuple[str, Path, str], study: Path
) -> None:
    if exported[0] != "cnn":
        pytest.skip("a classifier has none")
    with pytest.raises(ValueError, match=r"TensorFlow.*litert"):
        recognition.load(Path("exports/fold_1/saved_model"))
