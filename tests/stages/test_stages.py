"""Own work of the stages' scripts: counts, warnings, notes, reports."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import yaml
from sklearn.metrics import classification_report, recall_score

from ser import study
from ser.core import tables
from ser.models import bundle
from ser.models.settings import Settings
from ser.protocol import balancing, partitions
from ser.representation.reading import Representation
from stages import evaluate, project
from stages import partition as stage
from tests.support.learning_tables import (
    combined,
    feature_table,
    prediction_table,
    training_rows,
    utterance_table,
    with_copies,
    without_speakers,
)

CONFIG: dict[str, Any] = {
    "model": {"name": "svm", "representation": "librosa", "C": 1.0, "gamma": "scale"},
    "training": {"refit": True, "n_calibration_folds": 3, "calibration": "speakers"},
    "representation": {"name": "librosa", "path": "features.csv", "settings": {"sample_rate": 22050}},
    "model_input": "features.csv",
    "members": {},
    "seed": 0,
    "tables": {"format": "csv"},
}
FOUR = ("neutral", "happy", "sad", "angry")
CROSS: dict[str, Any] = {"name": "cross_corpus", "dev_fraction": 0.25}
PROTOCOL = "speaker_holdout (speaker-independent)"


def of(n_speakers: int, corpus: str, *emotions: str) -> pd.DataFrame:
    """Two utterances of neutral and four of each other emotion per speaker."""
    return utterance_table(n_speakers, corpus=corpus, emotions=emotions, n_repetitions=1)


def by_speaker(utterances: pd.DataFrame, **speakers: str) -> pd.DataFrame:
    """Partitions of one fold: `dev="01"` puts speakers 01 in dev; the others are in training."""
    number = utterances["speaker"].str.rpartition("/")[2]
    partition = number.map({name: key for key, name in speakers.items()}).fillna("train")
    return pd.DataFrame({"fold": 0, "utterance": utterances["utterance"], "partition": partition})


# utterances in no partition


def test_a_partition_of_all_utterances_leaves_nothing_out() -> None:
    utterances = of(6, "ravdess", "neutral", "sad")
    for settings in ({"name": "speaker_folds", "n_folds": 3}, {"name": "leave_one_speaker_out"}):
        table = partitions.partition_table(utterances, **settings, seed=0)
        assert stage.left_out(table, utterances) == {}


def test_across_corpora_left_out_utterances_are_counted_by_corpus_and_emotion() -> None:
    utterances = combined(
        of(4, "ravdess", "neutral", "sad", "calm", "surprised"),
        of(3, "emodb", "neutral", "sad", "boredom"),
        of(2, "tess", "neutral", "sad"),
    )
    settings = CROSS | {"train_corpora": ["ravdess"], "test_corpora": ["emodb"]}
    table = partitions.partition_table(utterances, **settings, seed=0)
    assert stage.left_out(table, utterances) == {
        "emodb with boredom: the training or test corpora lack the emotion": 3 * 4,
        "ravdess with calm: the training or test corpora lack the emotion": 4 * 4,
        "ravdess with surprised: the training or test corpora lack the emotion": 4 * 4,
        "tess: the corpus is in no partition": 2 * (2 + 4),
    }
    assert sum(stage.left_out(table, utterances).values()) == len(utterances) - len(table)


def test_an_emotion_that_one_of_two_training_corpora_lacks_is_not_left_out() -> None:
    """TESS lacks surprised, which is tested on SAVEE; neutral is not tested."""
    trained_on = combined(of(3, "ravdess", "neutral", "sad", "surprised"), of(2, "tess", "neutral", "sad"))
    utterances = combined(trained_on, of(2, "savee", "surprised", "sad"))
    settings = CROSS | {"train_corpora": ["ravdess", "tess"], "test_corpora": ["savee"]}
    table = partitions.partition_table(utterances, **settings, seed=0)
    assert stage.left_out(table, utterances) == {
        "ravdess with neutral: the training or test corpora lack the emotion": 3 * 2,
        "tess with neutral: the training or test corpora lack the emotion": 2 * 2,
    }


def test_a_copy_of_audio_in_another_partition_is_counted() -> None:
    utterances = combined(of(4, "ravdess", "neutral", "sad"), of(2, "emodb", "neutral", "sad"))
    copies = {f"ravdess/Actor_0{k}/sad-normal-dogs-0": "emodb/Actor_01/sad-normal-dogs-0" for k in (1, 2)}
    utterances = with_copies(utterances, copies)
    settings = CROSS | {"train_corpora": ["ravdess"], "test_corpora": ["emodb"]}
    table = partitions.partition_table(utterances, **settings, seed=0)
    assert stage.left_out(table, utterances) == {"ravdess: their audio is in another partition as well": 2}


def test_copies_that_are_left_out_are_summed_over_the_folds() -> None:
    utterances = of(6, "ravdess", "neutral", "sad")
    first, copy = (f"ravdess/Actor_0{k}/sad-normal-dogs-0" for k in (1, 4))
    utterances = with_copies(utterances, {copy: first})
    table = partitions.partition_table(utterances, name="leave_one_speaker_out", seed=0)
    # speakers 1 and 4 are tested in folds 0 and 3, dev in folds 5 and 2; in the other two folds both are in training
    assert stage.left_out(table, utterances) == {"ravdess: their audio is in another partition as well": 4}


TRAINING = {"calibration": "speakers"}


def configure_partition(settings: dict[str, Any], **changes: Any) -> None:
    config = {"partition": settings, "seed": 0, "model": {"name": "svm"}, "balance": {"name": "none"}, "members": {}}
    config |= {"augmentation": {"variants": {}}, "adaptation": {"name": "none"}, "training": TRAINING}
    Path("params.yaml").write_text(yaml.safe_dump(config | changes))


SMOTE_OF_MANY = {"name": "smote", "k_neighbors": 50}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"balance": SMOTE_OF_MANY}, "smote needs more than balance.k_neighbors=50 "),
        (
            {"members": {"a": {"model": {"name": "svm"}, "balance": SMOTE_OF_MANY, "training": TRAINING}}},
            "smote needs more than ",
        ),
        ({"training": {"calibration": "corpora"}}, "training has neutral from one corpus; choose"),
        (
            {"adaptation": {"name": "speaker"}},
            "adaptation=speaker needs the speaker of every utterance, but 6 of 30 have none",
        ),
    ],
    ids=["study", "member", "calibration", "adaptation"],
)
def test_what_a_later_stage_would_refuse_is_refused_before_extraction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    utterances = combined(of(4, "ravdess", "neutral", "sad"), of(1, "emodb", "neutral", "sad"))
    tables.write(
        utterances.assign(speaker=utterances["speaker"].where(utterances["corpus"] != "emodb")), stage.UTTERANCES
    )
    configure_partition(CROSS | {"train_corpora": ["ravdess"], "test_corpora": ["emodb"]}, **changes)
    with pytest.raises(ValueError, match=message):
        stage.main()
    assert not stage.PARTITIONS.exists()
    assert not stage.CHECK.exists()


def test_the_stage_prints_the_utterances_that_it_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    utterances = combined(of(4, "ravdess", "neutral", "sad", "calm"), of(2, "emodb", "neutral", "sad"))
    tables.write(utterances, stage.UTTERANCES)
    settings = CROSS | {"train_corpora": ["ravdess"], "test_corpora": ["emodb"]}
    configure_partition(settings)
    stage.main()
    assert (
        capsys.readouterr().out
        == "left out: 16 utterances of ravdess with calm: the training or test corpora lack the emotion\n"
    )
    assert len(tables.read_partitions(stage.PARTITIONS)) == len(utterances) - 16


# training


def trained(utterances: pd.DataFrame, partition: pd.DataFrame, models: Path, **changes: Any) -> pd.DataFrame:
    """Train models on a table of partitions without balancing, and write them; return their features."""
    features = feature_table(utterances)
    folds = [
        balancing.rows_of(features, partition, fold=fold, partition="train").assign(fold=fold, synthetic=False)
        for fold in sorted(partition["fold"].unique())
    ]
    config = CONFIG | {"training": CONFIG["training"] | changes}
    rows = pd.concat(folds, ignore_index=True)
    fit(rows, features, partition, utterances, config, models)
    return features


def fit(rows: pd.DataFrame, features: pd.DataFrame, *arguments: Any) -> None:
    """Train models on some rows, and write them."""
    partition, utterances, config, models = arguments
    given = study.Study(utterances, partition, Representation(features), rows, Settings.of(config))
    study.write_models(given, models, curves=models.with_name(f"{models.name}-curves"), run="models")


def predicted(table: pd.DataFrame, utterances: pd.DataFrame, features: pd.DataFrame, models: Path) -> pd.DataFrame:
    """Predictions by the models in a folder."""
    return study.predictions_of_rows(table, utterances, Representation(features), partial(study.saved_model, models))


def probabilities(model: bundle.Bundle, features: pd.DataFrame, utterances: pd.Series) -> npt.NDArray[np.float64]:
    """Probabilities of a model for the features of some utterances."""
    rows = Representation(features)
    return model.probabilities(rows, rows.positions(utterances.to_frame().assign(variant=tables.ORIGINAL)))


def description(folder: Path) -> dict[str, Any]:
    """Description of a bundle."""
    found: dict[str, Any] = json.loads((folder / bundle.DESCRIPTION).read_text())
    return found


@pytest.mark.parametrize("refit", [True, False])
def test_every_fold_has_a_model_of_train_and_dev_and_with_refit_one_of_train_alone(tmp_path: Path, refit: bool) -> None:
    utterances = of(4, "ravdess", *FOUR)
    partition = partitions.partition_table(utterances, name="leave_one_speaker_out", seed=0)
    models = tmp_path / "models"
    trained(utterances, partition, models, refit=refit)
    assert sorted(path.name for path in models.iterdir()) == [f"fold_{fold}" for fold in range(4)]
    everyone = [f"ravdess/0{k}" for k in (1, 2, 3, 4)]
    for fold in range(4):
        test, dev = everyone[fold], everyone[(fold + 1) % 4]
        alone = [name for name in everyone if name not in (test, dev)]
        before = models / f"fold_{fold}" / bundle.BEFORE_REFIT
        assert before.is_dir() == refit
        if refit:
            assert description(before)["speakers"] == alone
        with_dev = [name for name in everyone if name != test] if refit else alone
        assert description(models / f"fold_{fold}")["speakers"] == with_dev


def test_a_sole_training_speaker_of_an_emotion_is_recorded_and_gives_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of TESS's two speakers is in training with RAVDESS, and only she has pleasant surprise."""
    utterances = combined(of(4, "ravdess", *FOUR), of(2, "tess", *FOUR, "pleasant_surprise"))
    partition = by_speaker(utterances, dev="02", test="04")
    trained(utterances, partition, tmp_path / "models")
    assert capsys.readouterr().out == (
        "warning: some emotion has a single training speaker (tess/01): its probabilities are calibrated on that same"
        " speaker, and may be too high for others\n"
    )
    folder = tmp_path / "models/fold_0"
    assert description(folder / bundle.BEFORE_REFIT)["calibrated_within"] == ["tess/01"]
    assert description(folder)["calibrated_within"] == []
    assert description(folder)["corpora"] == ["ravdess", "tess"]


def test_sole_speakers_of_all_folds_are_in_one_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    utterances = combined(of(4, "ravdess", *FOUR), of(2, "tess", *FOUR, "pleasant_surprise"))
    folds = [by_speaker(utterances, dev=dev, test=test) for dev, test in (("03", "01"), ("03", "02"))]
    partition = pd.concat([rows.assign(fold=fold) for fold, rows in enumerate(folds)], ignore_index=True)
    trained(utterances, partition, tmp_path / "models")
    assert capsys.readouterr().out.startswith("warning: some emotion has a single training speaker (tess/01, tess/02)")
    found = [description(tmp_path / f"models/fold_{fold}")["calibrated_within"] for fold in (0, 1)]
    assert found == [["tess/02"], ["tess/01"]]


@pytest.mark.parametrize("known", [True, False])
def test_without_sole_speakers_there_is_no_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], known: bool
) -> None:
    """The number of unknown speakers is not known."""
    utterances = of(4, "ravdess", *FOUR)
    partition = by_speaker(utterances, dev="03", test="04")
    utterances = utterances if known else without_speakers(utterances)
    trained(utterances, partition, tmp_path / "models")
    assert capsys.readouterr().out == ""
    found = description(tmp_path / "models/fold_0")
    assert found["calibrated_within"] == []
    assert found["speakers"] == (["ravdess/01", "ravdess/02", "ravdess/03"] if known else [])


def test_a_failed_training_leaves_the_earlier_models_unchanged(tmp_path: Path) -> None:
    """The second fold has one training utterance of sad."""
    utterances = of(4, "ravdess", *FOUR)
    partition = partitions.partition_table(utterances, name="leave_one_speaker_out", seed=0)
    models = tmp_path / "models"
    trained(utterances, partition[partition["fold"] < 2], models)
    before = {path: path.read_bytes() for path in models.rglob("*") if path.is_file()}
    sad = utterances.loc[utterances["emotion"] == "sad", "utterance"]
    rare = (partition["fold"] == 1) & partition["utterance"].isin(sad[1:]) & (partition["partition"] != "test")
    with pytest.raises(ValueError, match="training has one utterance of sad"):
        trained(utterances, partition[~rare], models)
    assert {path: path.read_bytes() for path in models.rglob("*") if path.is_file()} == before


# predictions


@pytest.mark.parametrize("refit", [True, False])
def test_dev_is_predicted_by_a_model_that_was_not_trained_on_it(tmp_path: Path, refit: bool) -> None:
    """Labels are random, so a forest predicts its training labels and guesses the others."""
    utterances = utterance_table(6, emotions=FOUR)
    random = np.random.default_rng(0)
    utterances = utterances.assign(emotion=random.choice(FOUR, len(utterances)))
    partition = by_speaker(utterances, dev="05", test="06")
    forest = {"name": "random_forest", "representation": "librosa", "n_estimators": 30, "min_samples_leaf": 1}
    features = feature_table(utterances, separation=0.0)
    rows = balancing.rows_of(features, partition, fold=0, partition="train").assign(fold=0, synthetic=False)
    config = CONFIG | {"model": forest, "training": CONFIG["training"] | {"refit": refit}}
    fit(rows, features, partition, utterances, config, tmp_path / "models")
    predictions = tables.PREDICTIONS.validate(predicted(partition, utterances, features, tmp_path / "models"))
    right = (predictions["truth"] == predictions["prediction"]).groupby(predictions["partition"]).mean()
    assert right["train"] == 1
    assert right["dev"] < 0.6
    assert right["test"] < 0.6
    learned_dev = bundle.load(tmp_path / "models/fold_0")
    dev = predictions[predictions["partition"] == "dev"]
    own = probabilities(learned_dev, features, dev["utterance"])
    knows = np.array(learned_dev.labels)[own.argmax(axis=1)] == dev["truth"]
    assert knows.all() == refit


def test_each_fold_is_predicted_by_its_own_model_in_the_order_of_folds_and_utterances(tmp_path: Path) -> None:
    utterances = of(4, "ravdess", *FOUR)
    partition = partitions.partition_table(utterances, name="leave_one_speaker_out", seed=0)
    features = trained(utterances, partition, tmp_path)
    tested = partition[partition["partition"] != "train"].sample(frac=1, random_state=0)  # in any order
    predictions = predicted(tested, utterances, features, tmp_path)
    keys = ["fold", "utterance"]
    pd.testing.assert_frame_equal(
        predictions[keys].reset_index(drop=True), tested[keys].sort_values(keys, ignore_index=True)
    )
    for fold, rows in predictions[predictions["partition"] == "test"].groupby("fold"):
        model = bundle.load(tmp_path / f"fold_{fold}")
        expected = probabilities(model, features, rows["utterance"])
        np.testing.assert_allclose(rows[[f"p_{label}" for label in model.labels]], expected, atol=1e-6)


# reports


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, in which the stage runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def own_report(rows: pd.DataFrame) -> str:
    """scikit-learn's, of all eight emotions."""
    labels = [column.removeprefix("p_") for column in rows if column.startswith("p_")]
    return str(classification_report(rows["truth"], rows["prediction"], labels=labels, digits=3, zero_division=0))


def test_the_report_has_a_part_for_all_and_one_for_each_corpus(folder: Path) -> None:
    utterances = combined(of(3, "ravdess", *FOUR, "calm"), of(2, "emodb", *FOUR))
    predictions = prediction_table(utterances)
    evaluate.write_results(predictions, "UAR 50.0 %", PROTOCOL)
    text = evaluate.CLASSIFICATION_REPORT.read_text()
    both = own_report(predictions)
    emodb, ravdess = (own_report(predictions[predictions["corpus"] == name]) for name in ("emodb", "ravdess"))
    assert text == (
        f"UAR 50.0 %\nemodb and ravdess, test, {PROTOCOL}\n\n{both}\nemodb alone\n{emodb}\nravdess alone\n{ravdess}"
    )
    assert len({both, emodb, ravdess}) == 3


def test_the_report_of_one_corpus_has_one_part(folder: Path) -> None:
    predictions = prediction_table(of(3, "ravdess", *FOUR))
    evaluate.write_results(predictions, "UAR 50.0 %", PROTOCOL)
    expected = f"UAR 50.0 %\nravdess, test, {PROTOCOL}\n\n{own_report(predictions)}"
    assert evaluate.CLASSIFICATION_REPORT.read_text() == expected


def test_pictures_of_several_corpora_name_them_and_mark_their_recall(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, dict[str, Any]] = {}
    for module, name in ((evaluate.matrices, "confusion"), (evaluate.classes, "per_class")):
        real = getattr(module, name)

        def spied(*values: Any, _name: str = name, _real: Any = real, **options: Any) -> Any:
            drawn[_name] = options
            return _real(*values, **options)

        monkeypatch.setattr(module, name, spied)
    predictions = prediction_table(combined(of(2, "demo", *FOUR), of(2, "ravdess", *FOUR)))
    evaluate.write_results(predictions, "UAR 50.0 %", PROTOCOL)
    for options in drawn.values():
        first, second = options["note"].splitlines()
        assert first == f"demo and ravdess, test, {PROTOCOL}"
        assert "Synthetic speech" in second  # a reader must not take the demo corpus for people
    assert set(drawn["per_class"]["corpus"]) == {"demo", "ravdess"}
    for path in (evaluate.CONFUSION_MATRIX, evaluate.PER_CLASS):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_metrics_of_a_study_across_corpora_name_the_corpora_of_each_partition(folder: Path) -> None:
    """Train and evaluate as the stages do, from the tables that they read; the test corpus's speakers are unknown."""
    tested = without_speakers(of(3, "folders", *FOUR))
    utterances = combined(of(4, "ravdess", *FOUR), of(3, "emodb", *FOUR), tested)
    cross = CROSS | {"train_corpora": ["ravdess", "emodb"], "test_corpora": ["folders"]}
    partition = partitions.partition_table(utterances, **cross, seed=0)
    features = trained(utterances, partition, evaluate.MODELS)
    for rows, path in (
        (utterances, evaluate.UTTERANCES),
        (partition, evaluate.PARTITIONS),
        (features, Path("features.csv")),
    ):
        tables.write(rows, path)
    evaluation = {"test": True, "n_resamples": 50, "n_bins": 15}
    parameters = CONFIG | {"partition": cross, "evaluation": evaluation}
    Path("params.yaml").write_text(yaml.safe_dump(parameters))
    evaluate.main()
    found = json.loads(evaluate.METRICS.read_text())
    assert found["protocol"] == "cross_corpus ravdess and emodb to folders (speaker-independent)"
    assert found["speaker_independent"] is True
    assert (found["n_utterances"], found["n_speakers"], found["uar_low"]) == (len(tested), 0, None)
    assert {key for key in found if "corpus" in key} == {"dev.corpus.emodb.uar", "dev.corpus.ravdess.uar"}
    predictions = tables.read_predictions(evaluate.PREDICTIONS)
    for name, rows in predictions[predictions["partition"] == "dev"].groupby("corpus"):
        uar = recall_score(rows["truth"], rows["prediction"], average="macro")
        assert found[f"dev.corpus.{name}.uar"] == pytest.approx(uar, abs=1e-6)
    assert set(predictions.loc[predictions["partition"] == "test", "utterance"]) == set(tested["utterance"])


# maps


def test_maps_name_the_corpora_of_their_rows_and_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """EmoDB is only tested, and so is on no map."""
    notes: list[str] = []
    real = project.projection_map

    def spied(points: pd.DataFrame, *, title: str, note: str) -> Any:
        notes.append(note)
        return real(points, title=title, note=note)

    def first_two(values: np.ndarray, *, seed: int) -> np.ndarray:
        return values[:, :2]

    monkeypatch.setattr(project, "projection_map", spied)
    monkeypatch.setattr(project.projections, "tsne", first_two)
    monkeypatch.setattr(project.projections, "umap", first_two)
    utterances = combined(of(3, "ravdess", *FOUR), of(3, "emodb", *FOUR), of(2, "demo", *FOUR))
    learned = training_rows(utterances[utterances["corpus"] != "emodb"]).assign(fold=0)
    tables.write_balanced(learned, project.BALANCED)
    tables.write(feature_table(utterances), Path("features.csv"))
    projection = {"max_rows": 5000, "tsne": {}, "umap": {}}
    Path("params.yaml").write_text(yaml.safe_dump(CONFIG | {"projection": projection}))
    project.main()
    assert len(notes) == 2
    for note in notes:
        first, second = note.splitlines()
        assert first == "demo and ravdess, librosa"
        assert "Synthetic speech" in second
    for name in ("tsne", "umap"):
        points = pd.read_csv(project.PROJECTIONS / f"{name}.csv")
        assert points["utterance"].tolist() == learned["utterance"].tolist()
