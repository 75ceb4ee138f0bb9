"""Stage and command on a small study of the demo corpus: without leaks, and with leaks put into its files."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
import soundfile
import yaml

from app.http import loading
from ser import cli, params
from ser.core import files, tables
from ser.core.stage import run
from ser.models import bundle, classifier_reading, row_sampling
from ser.protocol import adaptation
from ser.serving import recognition
from stages import adapt, audit, balance, evaluate, extract_librosa, ingest, partition, train
from tests.support.wiring import ROOT

pytestmark = pytest.mark.usefixtures("no_drawing")

SETTINGS = (
    *("corpus=demo", "corpus.root=corpus", "librosa=means_42", "labels=common_four"),
    *("model=logistic_regression", "balance.k_neighbors=1"),
)
FOUR_FOLDS = ("partition=speaker_folds", "partition.n_folds=4")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a study of four speakers of the demo corpus, from audio to predictions."""
    folder = tmp_path_factory.mktemp("audited")
    for voice in ("01", "02", "03", "04"):
        shutil.copytree(ROOT / "data" / "demo" / f"Actor_{voice}", folder / "corpus" / f"Actor_{voice}")
    compose(folder, *FOUR_FOLDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for stage in (ingest, partition, extract_librosa, balance, train, evaluate):
            stage.main()
    return folder


def compose(folder: Path, *overrides: str) -> None:
    params.compose([*SETTINGS, *overrides], conf=ROOT / "conf", path=folder / "params.yaml")


@pytest.fixture
def study(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the study, for a test to change."""
    shutil.copytree(made, tmp_path / "study")
    monkeypatch.chdir(tmp_path / "study")
    return tmp_path / "study"


def errors_of_the_stage() -> list[tuple[str, int | None]]:
    """Check and fold of each error in the report of the stage, which must fail."""
    with pytest.raises(SystemExit) as raised:
        run(audit.main)
    assert str(raised.value.code).startswith("error: the audit found ")
    report = files.read_json(audit.REPORT)
    assert report["n_errors"] == sum(one["level"] == "error" for one in report["findings"]) > 0
    return [(one["check"], one["fold"]) for one in report["findings"] if one["level"] == "error"]


def test_a_clean_study_has_no_error(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit.main()
    report = files.read_json(study / audit.REPORT)
    assert list(report) == ["protocol", "declared", "n_errors", "n_notes", "findings"]
    assert (report["protocol"], report["declared"]) == ("speaker_folds (speaker-independent)", None)
    assert report["n_errors"] == 0
    assert {one["check"] for one in report["findings"]} <= {"label_imbalance"}
    first = audit.REPORT.read_bytes()
    audit.main()
    assert audit.REPORT.read_bytes() == first
    capsys.readouterr()
    cli.main(["audit"])
    assert capsys.readouterr().out.startswith("speaker_folds (speaker-independent): 0 errors, ")
    cli.main(["audit", "--json"])
    assert json.loads(capsys.readouterr().out) == report


@pytest.mark.parametrize(
    "choices",
    [
        [*FOUR_FOLDS, "model=logistic_regression", "model.class_weight=by_corpus"],
        [*FOUR_FOLDS, "model=svm"],
        pytest.param(
            ["model=dnn", "training=fine_tuning", "training.max_epochs=1", "training.variation=null"],
            marks=pytest.mark.slow,
        ),
    ],
    ids=["weights", "sample", "refit of a network"],
)
def test_rows_and_weights_of_the_training_are_those_of_the_normalisation(
    study: Path, choices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Emotions of different frequency weigh alike; of many rows, an SVM takes a sample; dev is part of a refit."""
    monkeypatch.setattr(row_sampling, "MAX_ROWS", {"svm": 20})
    monkeypatch.setattr(row_sampling, "MIN_ROWS_OF_EMOTION", 4)
    overrides = [*SETTINGS[:4], *choices, "balance=none", "evaluation.n_resamples=50"]
    params.compose(overrides, conf=ROOT / "conf", path=study / "params.yaml")
    for stage in (partition, balance, train, evaluate, audit):
        stage.main()
    assert files.read_json(study / audit.REPORT)["n_errors"] == 0


def test_a_quieter_copy_of_another_voice_is_found(study: Path) -> None:
    """A recording, at half its level, replaces one of another speaker."""
    first, other = "03-01-05-01-01-01", "corpus/Actor_02/03-01-05-01-01-01-02"
    waveform, rate = soundfile.read(next(study.glob(f"corpus/Actor_01/{first}-01.*")))
    (target,) = study.glob(f"{other}.*")
    soundfile.write(target, waveform / 2, rate)
    ingest.main()
    # the features are not extracted again: the check of the audio must not depend on them
    found = errors_of_the_stage()
    table = tables.read_partitions(partition.PARTITIONS)
    n_partitions = table[table["utterance"].str.contains(f"Actor_0[12]/{first}")].groupby("fold")["partition"].nunique()
    apart = [fold for fold, n in n_partitions.items() if n > 1]
    assert len(apart) == 3  # of the four folds, one has both speakers in training
    assert [fold for check, fold in found if check == "near_duplicate_audio"] == apart
    example = next(one for one in files.read_json(audit.REPORT)["findings"] if one["check"] == "near_duplicate_audio")
    assert {name.rpartition("/")[2][:17] for name in example["examples"]} == {first}


def change(model: Path, mean_of: np.ndarray, variance_of: np.ndarray) -> None:
    """Change mean and variance in the scaler of a stored classifier."""
    path = model / bundle.CLASSIFIER
    classifier = classifier_reading.loaded(path)
    scaler = classifier.calibrated_classifiers_[0].estimator[0]
    scaler.mean_, scaler.var_, scaler.scale_ = mean_of, variance_of, np.sqrt(variance_of)
    skops.io.dump(classifier, path)


@pytest.mark.parametrize("inner", ["", bundle.BEFORE_REFIT])
def test_a_scaler_fitted_on_all_recordings_is_found(study: Path, inner: str) -> None:
    features = tables.read_features(extract_librosa.FEATURES)
    values = features[tables.feature_columns(features)].to_numpy(np.float64)
    change(study / "models" / "fold_1" / inner, values.mean(axis=0), values.var(axis=0))
    assert errors_of_the_stage() == [("normalisation", 1)]
    found = files.read_json(audit.REPORT)["findings"][0]["found"]
    assert found.endswith("they are those of all partitions together")
    assert ("before its refit on dev" in found) == bool(inner)


def test_augmented_and_interpolated_rows_of_test_are_found(study: Path) -> None:
    rows, table = tables.read_balanced(balance.BALANCED), tables.read_partitions(partition.PARTITIONS)
    tested = table.loc[(table["fold"] == 2) & (table["partition"] == "test"), "utterance"].iloc[0]
    planted = rows[(rows["fold"] == 2) & rows["synthetic"]].head(1).assign(utterance=tested)
    tables.write_balanced(pd.concat([rows, planted]), balance.BALANCED)
    found = errors_of_the_stage()
    assert ("made_rows", 2) in found
    assert {fold for _, fold in found} == {2}


def test_features_that_the_served_model_does_not_reproduce_are_found(study: Path) -> None:
    """As after a change of the extraction."""
    features = tables.read_features(extract_librosa.FEATURES)
    column = tables.feature_columns(features)[0]
    tables.write(features.assign(**{column: features[column] * np.float32(1.5)}), extract_librosa.FEATURES)
    assert ("served_features", 0) in errors_of_the_stage()


def test_a_model_of_other_settings_than_the_study_is_found(study: Path) -> None:
    content = yaml.safe_load((study / "params.yaml").read_text())
    content["representation"]["settings"]["n_fft"] = 1024
    (study / "params.yaml").write_text(yaml.safe_dump(content))
    assert errors_of_the_stage() == [("served_features", fold) for fold in range(4)]


def test_the_command_compares_the_report_with_served_predictions(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predictions = tables.read_predictions(evaluate.PREDICTIONS)
    columns = tables.probability_columns(predictions)
    tables.write(predictions.assign(**{name: 1 / len(columns) for name in columns}), evaluate.PREDICTIONS)
    audit.main()  # the stage does not wait for predictions
    with pytest.raises(SystemExit) as raised:
        cli.main(["audit"])
    assert raised.value.code == "error: 4 errors found"
    assert "error: served predictions differ from the report" in capsys.readouterr().out


def test_a_speaker_dependent_protocol_is_labelled_and_does_not_fail(study: Path) -> None:
    compose(study, "partition=random")
    for stage in (partition, balance, train):
        stage.main()
    audit.main()
    report = files.read_json(audit.REPORT)
    assert (report["protocol"], report["declared"]) == ("random (speaker-dependent)", "speaker-dependent")
    assert [one["check"] for one in report["findings"] if one["level"] == "error"] == ["speaker_overlap"]


def scale_by_all_recordings(study: Path) -> None:
    features = tables.read_features(extract_librosa.FEATURES)
    values = features[tables.feature_columns(features)].to_numpy(np.float64)
    change(study / "models" / "fold_0", values.mean(axis=0), values.var(axis=0))


def balance_before_the_split(_study: Path) -> None:
    rows, table = tables.read_balanced(balance.BALANCED), tables.read_partitions(partition.PARTITIONS)
    tested = table.loc[table["partition"] == "test", "utterance"].iloc[0]
    planted = rows[rows["synthetic"]].head(1).assign(utterance=tested)
    tables.write_balanced(pd.concat([rows, planted]), balance.BALANCED)


def change_the_served_features(_study: Path) -> None:
    features = tables.read_features(extract_librosa.FEATURES)
    column = tables.feature_columns(features)[0]
    tables.write(features.assign(**{column: features[column] * np.float32(1.5)}), extract_librosa.FEATURES)


@pytest.mark.parametrize(
    ("leak", "message"),
    [
        (scale_by_all_recordings, "1 error .*: normalisation fitted on rows outside training;"),
        (balance_before_the_split, ".*: synthetic or augmented rows outside training"),
        (change_the_served_features, ".*served features differ from training features"),
    ],
)
def test_another_leak_of_a_speaker_dependent_protocol_fails(
    study: Path, leak: Callable[[Path], None], message: str
) -> None:
    compose(study, "partition=random")
    for stage in (partition, balance, train):
        stage.main()
    leak(study)
    with pytest.raises(ValueError, match=rf"found {message}") as raised:
        audit.main()
    assert "a speaker in two partitions" not in str(raised.value)
    assert files.read_json(audit.REPORT)["declared"] == "speaker-dependent"


def test_the_command_without_a_study_says_how_to_make_one(study: Path) -> None:
    shutil.rmtree(study / "models")
    with pytest.raises(SystemExit, match="no models here; make it with: dvc repro train"):
        cli.main(["audit"])


# features relative to their speaker


def test_undeclared_features_standardised_by_speaker_are_found(study: Path) -> None:
    """As after normalisation of the extracted table, which the scaler of the model does not show."""
    features = tables.read_features(extract_librosa.FEATURES)
    utterances = tables.read_utterances(ingest.UTTERANCES)
    tables.write(adaptation.standardised_by_speaker(features, utterances), extract_librosa.FEATURES)
    for stage in (balance, train):
        stage.main()
    assert ("normalisation", None) in errors_of_the_stage()
    found = next(one for one in files.read_json(audit.REPORT)["findings"] if one["check"] == "normalisation")
    assert "standardised over the utterances of each speaker, also of 4 test speakers" in found["found"]
    assert "adaptation=speaker" in found["remedy"]
    assert "transductive" not in files.read_json(audit.REPORT)["protocol"]


@pytest.mark.slow
def test_a_transductive_study_is_marked_everywhere_and_serves_no_single_recording(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files.read_json(evaluate.METRICS)
    assert "transductive" not in before
    compose(study, *FOUR_FOLDS, "adaptation=speaker")
    for stage in (adapt, balance, train, evaluate, audit):
        stage.main()
    protocol = "speaker_folds (speaker-independent, transductive)"
    figures, report = files.read_json(evaluate.METRICS), files.read_json(audit.REPORT)
    assert (figures["protocol"], figures["transductive"]) == (protocol, True)
    assert protocol in evaluate.CLASSIFICATION_REPORT.read_text()
    assert (report["protocol"], report["declared"], report["n_errors"]) == (protocol, None, 0)
    (note,) = [one for one in report["findings"] if one["check"] == "normalisation"]
    assert note["level"] == "note"
    assert "declared transductive" in note["found"]
    capsys.readouterr()
    cli.main(["audit"])
    assert capsys.readouterr().out.startswith(f"{protocol}: 0 errors, ")
    recording = str(next(study.glob("corpus/Actor_01/*")))
    with pytest.raises(SystemExit, match=r"models/fold_0 is transductive: .* -S adaptation=none"):
        cli.main(["predict", "--model", "models/fold_0", recording])
    with pytest.raises(ValueError, match="SER_MODELS has mine: models/fold_0 is transductive"):
        loading.loaded({"mine": Path("models/fold_0")})
    assert recognition.load().labels  # a built-in model is none


def test_other_leaks_of_a_transductive_study_are_found(study: Path) -> None:
    compose(study, *FOUR_FOLDS, "adaptation=speaker")
    for stage in (adapt, balance, train):
        stage.main()
    features = tables.read_features(adapt.ADAPTED)
    values = features[tables.feature_columns(features)].to_numpy(np.float64)
    change(study / "models" / "fold_1", values.mean(axis=0) + 0.1, values.var(axis=0))
    assert errors_of_the_stage() == [("normalisation", 1)]
