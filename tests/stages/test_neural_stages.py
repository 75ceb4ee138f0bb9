"""Balance, train and evaluate, stage by stage: predictions of the saved models, and resumed training."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ser.compute import processes
from ser.core import tables
from ser.core.stage import run
from ser.models import backend, bundle, checkpoints, ensembles
from ser.models.prediction import in_order
from ser.protocol import balancing
from ser.representation import reading
from stages import balance, evaluate, train, train_member
from tests.support import small_study
from tests.support.paths import ROOT
from tests.support.small_study import FOUR, TWO_FOLDS, UTTERANCES, by_speaker, configuration

MEMBERS = ("svm", "cnn")
PNG = b"\x89PNG"


@pytest.fixture(scope="module", params=["svm", "dnn", pytest.param("cnn", marks=pytest.mark.slow)])
def study(request: pytest.FixtureRequest, small_studies: Callable[..., Path]) -> Path:
    """Folder of a study of two folds: a classifier and a network on a table with SMOTE, a network on an array."""
    return small_studies(request.param)


@pytest.fixture(scope="module")
def ensemble(small_studies: Callable[..., Path]) -> Path:
    """Folder of a study of an ensemble of a classifier on a table and a network on an array."""
    return small_studies("ensemble", *MEMBERS)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder; folds are trained in this process."""
    monkeypatch.chdir(tmp_path)
    small_study.train_in_this_process(monkeypatch)
    return tmp_path


def is_network(folder: Path) -> bool:
    return (folder / "models/fold_0" / bundle.NETWORK).exists()


def config_of(folder: Path) -> dict[str, Any]:
    """The parameters of a study."""
    return configuration(json.loads((folder / "models/fold_0/bundle.json").read_text())["model"]["name"])


def written(folder: Path) -> pd.DataFrame:
    return tables.read_predictions(folder / "reports/predictions.csv")


def model_folder(folder: Path, fold: int, partition: str) -> Path:
    """Folder of the model that predicts a partition; a classifier that was not trained on dev predicts dev."""
    after = folder / f"models/fold_{fold}"
    return after / bundle.BEFORE_REFIT if partition == "dev" and not is_network(folder) else after


# bundles and evaluation


def test_bundles_predict_what_evaluation_predicted(study: Path) -> None:
    features = small_study.input_of(config_of(study), study)
    predictions = written(study)
    assert len(predictions) == 4 * 14
    for (fold, partition), rows in predictions.groupby(["fold", "partition"]):
        model = bundle.load(model_folder(study, fold, partition))
        positions = features.positions(small_study.originals(rows["utterance"]))
        found = model.probabilities(features, positions)
        assert model.labels == list(FOUR)
        np.testing.assert_array_equal(found.round(6), rows[[f"p_{label}" for label in model.labels]].to_numpy())
        assert [model.labels[k] for k in found.argmax(axis=1)] == rows["prediction"].tolist()
        one = model.probabilities(features, positions[3:4])
        np.testing.assert_allclose(one, found[3:4], atol=1e-6)  # the rest of the batch has no influence


@pytest.mark.slow
def test_bundles_predict_the_same_in_another_process(study: Path) -> None:
    script = """
import sys
from pathlib import Path
import pandas
from ser.models import bundle
from ser.representation import reading
features = reading.read(Path(sys.argv[1]))
rows = pandas.read_csv("reports/predictions.csv").query("fold == 1 and partition == 'test'")
model = bundle.load(Path("models/fold_1"))
keys = pandas.DataFrame({"utterance": rows["utterance"], "variant": "original"})
found = model.probabilities(features, features.positions(keys)).round(6)
assert (found == rows[["p_" + label for label in model.labels]].to_numpy()).all(), found
print(len(rows))
"""
    source = config_of(study)["representation"]["path"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script, source], cwd=study, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "14", done.stderr


def test_only_dev_and_test_are_predicted(study: Path) -> None:
    predictions = written(study)
    wanted = TWO_FOLDS[TWO_FOLDS["partition"] != "train"].sort_values(["fold", "utterance"], ignore_index=True)
    pd.testing.assert_frame_equal(predictions[["fold", "utterance", "partition"]], wanted, check_dtype=False)
    truth = UTTERANCES.set_index("utterance").loc[predictions["utterance"], "emotion"]
    assert predictions["truth"].tolist() == truth.tolist()


def test_a_bundle_states_its_training_corpora_speakers_and_rows(study: Path) -> None:
    config = config_of(study)
    loaded = bundle.load(study / "models/fold_0")
    assert loaded.representation == {key: config["representation"][key] for key in ("name", "settings")}
    description = loaded.description
    trained = ["ravdess/03", "ravdess/04"] if is_network(study) else ["ravdess/02", "ravdess/03", "ravdess/04"]
    assert (description["speakers"], description["seed"]) == (trained, 0)
    assert description["training"] == config["training"]
    assert (description["n_rows"], description["n_synthetic_rows"]) == ((32, 4) if is_network(study) else (46, 4))


def test_only_synthetic_rows_carry_features_if_there_are_several_folds(study: Path) -> None:
    rows = tables.read_balanced(study / "data/balanced_dataset.csv")
    assert rows.groupby("fold")["synthetic"].sum().tolist() == [4, 4]  # neutral: 2 a speaker, of 4
    columns = tables.feature_columns(rows)
    array = config_of(study)["representation"]["name"] == "log_mel"
    assert bool(columns) != array
    assert rows.loc[~rows["synthetic"], columns].isna().all(axis=None)
    assert rows.loc[rows["synthetic"], columns].notna().all(axis=None)


# outputs of training


def test_learning_curves_have_every_epoch_of_every_fold_or_a_note_that_there_are_none(study: Path) -> None:
    curves = study / "reports/learning_curves"
    assert (study / evaluate.CURVES).read_bytes().startswith(PNG)
    if not is_network(study):
        assert [path.name for path in curves.iterdir()] == ["none.json"]
        assert json.loads((curves / "none.json").read_text()) == {"svm": "is not trained in epochs"}
        return
    for fold in (0, 1):
        history = pd.DataFrame(bundle.load(study / f"models/fold_{fold}").history)
        assert list(history) == ["loss", "accuracy", "learning_rate", "dev_loss", "dev_accuracy", "dev_uar"]
        assert len(history) == 3
        for name, values in history.items():
            curve = pd.read_csv(curves / f"plots/metrics/fold_{fold}/{name}.tsv", sep="\t")
            assert curve["step"].tolist() == [0, 1, 2]
            assert curve[name].to_numpy() == pytest.approx(values.to_numpy())
    assert not list(curves.rglob("dvc.yaml"))


def test_the_kept_epoch_is_the_best_one_on_dev(study: Path) -> None:
    if not is_network(study):
        pytest.skip("a classifier has no epochs")
    for fold in (0, 1):
        loaded = bundle.load(study / f"models/fold_{fold}")
        losses = [epoch["dev_loss"] for epoch in loaded.history]
        kept = loaded.description["metrics"]
        assert (kept["epoch"], kept["dev_loss"]) == (losses.index(min(losses)), min(losses))
        assert kept["n_parameters"] == loaded.model.network.count_params()


def test_training_leaves_only_the_models(study: Path) -> None:
    assert sorted(path.name for path in (study / "models").iterdir()) == ["fold_0", "fold_1"]
    assert not [path for path in (study / "checkpoints").rglob("*") if path.is_file()]
    assert not list(study.rglob(".partial.*"))


# interrupted training


class Killed(BaseException):
    """Exception that no code catches."""


def epochs_kept(monkeypatch: pytest.MonkeyPatch, *, last: int | None = None) -> list[int]:
    """Epochs so far at each checkpoint, in the order in which they are written; the run is killed at the `last`."""
    kept: list[int] = []
    keep = checkpoints.keep

    def counted(folder: Path, model: Any, progress: Any, rules: Any) -> None:
        keep(folder, model, progress, rules)
        kept.append(len(progress.epochs))
        if len(kept) == last:
            raise Killed

    monkeypatch.setattr(checkpoints, "keep", counted)
    return kept


def results(folder: Path) -> dict[str, bytes]:
    """Files that must have equal bytes."""
    found = [path for path in (folder / "reports").rglob("*") if path.is_file() and path.suffix != ".png"]
    histories = (folder / "models").rglob(bundle.HISTORY)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in [*found, *histories]}


def interrupted(monkeypatch: pytest.MonkeyPatch, *, last: int) -> None:
    """Balance, and train until the checkpoint `last`."""
    balance.main()
    with monkeypatch.context() as patch:
        epochs_kept(patch, last=last)
        with pytest.raises(Killed):
            train.main()


@pytest.mark.slow
def test_a_run_killed_in_its_second_fold_resumes_there_with_the_same_result(
    here: Path, monkeypatch: pytest.MonkeyPatch, small_studies: Callable[..., Path]
) -> None:
    shutil.copytree(small_studies("dnn"), here, dirs_exist_ok=True)
    whole = results(here)
    assert {"reports/predictions.csv", "reports/metrics.json", "models/fold_1/history.csv"} <= set(whole)
    before = {path: path.stat().st_mtime_ns for path in (here / "models").rglob("*")}
    interrupted(monkeypatch, last=5)  # of 6: the second fold has two epochs
    assert {path: path.stat().st_mtime_ns for path in (here / "models").rglob("*")} == before
    assert len(list((here / "checkpoints/models").iterdir())) == 2
    kept = epochs_kept(monkeypatch)
    train.main()
    assert kept == [3]
    evaluate.main()
    assert results(here) == whole
    assert not (here / "checkpoints/models").exists()


def changed_features() -> None:
    path = Path(small_study.PATHS["librosa"])
    features = tables.read_features(path)
    features.loc[features["utterance"] == "ravdess/Actor_04/sad-normal-dogs-0", "feature_0"] += np.float32(1e-3)
    tables.write(features, path)


def one_utterance_less() -> None:
    """An utterance of training becomes one of dev."""
    moved = (TWO_FOLDS["fold"] == 0) & (TWO_FOLDS["utterance"] == UTTERANCES["utterance"].iloc[-1])
    tables.write(TWO_FOLDS.assign(partition=TWO_FOLDS["partition"].mask(moved, "dev")), train.PARTITIONS)


def with_params(section: str | None = None, **changes: Any) -> Callable[[], None]:
    config = configuration("dnn")
    (config[section] if section else config).update(changes)
    return lambda: small_study.write_params(config)


CHANGES = {
    "the seed": with_params(seed=1),
    "learning rate": with_params("training", learning_rate=0.02),
    "batch size": with_params("training", batch_size=8),
    "more epochs": with_params("training", max_epochs=4),
    "the network": with_params("model", dropouts=[0.3]),
    "the balancing": with_params("balance", k_neighbors=3),
    "a feature": changed_features,
    "an utterance": one_utterance_less,
}


@pytest.fixture(scope="module")
def killed_after_one_epoch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a study of a network whose training was killed at its first checkpoint."""
    folder = tmp_path_factory.mktemp("killed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        small_study.train_in_this_process(patch)
        small_study.write_tables(configuration("dnn"))
        interrupted(patch, last=1)
    return folder


@pytest.mark.parametrize("change", [None, *CHANGES])
def test_a_killed_run_resumes_with_equal_inputs_and_restarts_with_changed_ones(
    change: str | None, killed_after_one_epoch: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(killed_after_one_epoch, here, dirs_exist_ok=True)
    assert not (here / "models").exists()
    assert not list(here.glob(".partial.*"))
    if change is not None:
        CHANGES[change]()
        if change in ("the balancing", "a feature", "an utterance"):  # otherwise only the settings differ, not the rows
            balance.main()
    found: list[int] = []
    resumed = checkpoints.resumed

    def watched(folder: Path, rules: Any) -> None:
        before = resumed(folder, rules)
        found.append(0 if before is None else len(before[0].epochs))
        raise Killed  # the test above shows what follows, which takes seconds

    monkeypatch.setattr(checkpoints, "resumed", watched)
    with pytest.raises(Killed):
        train.main()
    assert found == ([1] if change is None else [0])


def test_a_killed_training_gives_the_command_that_resumes_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def died(*_: Any, **__: Any) -> Any:
        raise processes.Died

    small_study.write_tables(configuration("dnn"))
    balance.main()
    monkeypatch.setattr(backend, "on_cpu", lambda: True)
    monkeypatch.setattr(processes, "map_items", died)
    with pytest.raises(ValueError, match=r"the training of a fold was killed.*LOKY_MAX_CPU_COUNT=1 dvc repro"):
        train.main()
    assert not (here / "models").exists()


@pytest.mark.slow
def test_parallel_folds_have_the_results_of_sequential_folds(
    here: Path, monkeypatch: pytest.MonkeyPatch, small_studies: Callable[..., Path]
) -> None:
    """Equal up to the order of sums, which depends on the number of threads."""
    summary = Path("reports/learning_curves/metrics.json")
    shutil.copytree(small_studies("dnn"), here, dirs_exist_ok=True)
    in_turn, step = written(here), json.loads(summary.read_text())["step"]
    monkeypatch.setattr(backend, "on_cpu", lambda: True)
    train.main()
    evaluate.main()
    at_once = written(here)
    probabilities = tables.probability_columns(at_once)
    assert at_once["utterance"].tolist() == in_turn["utterance"].tolist()
    np.testing.assert_allclose(at_once[probabilities], in_turn[probabilities], atol=1e-3)
    assert json.loads(summary.read_text())["step"] == step
    assert not (here / "checkpoints/models").exists()


# emotions that a fold lacks


@pytest.mark.slow
def test_an_emotion_that_training_lacks_has_the_probability_0(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    emotion = TWO_FOLDS["utterance"].map(UTTERANCES.set_index("utterance")["emotion"])
    lacks = (TWO_FOLDS["fold"] == 1) & (TWO_FOLDS["partition"] == "train") & (emotion == "abwägend")
    partitions = TWO_FOLDS.assign(partition=TWO_FOLDS["partition"].mask(lacks, "dev"))
    small_study.write_tables(configuration("dnn"), partitions=partitions)
    small_study.run_stages()
    assert "warning: fold 1: abwägend: in dev, not in training; never predicted" in capfd.readouterr().out
    assert bundle.load(here / "models/fold_1").labels == ["neutral", "happy", "sad"]
    predictions = written(here)
    columns = [f"p_{label}" for label in FOUR]
    assert tables.probability_columns(predictions) == columns
    np.testing.assert_allclose(predictions[columns].sum(axis=1), 1, atol=2e-6)
    fold = predictions["fold"]
    assert (predictions.loc[fold == 1, "p_abwägend"] == 0).all()
    assert (predictions.loc[fold == 0, "p_abwägend"] > 0).all()
    assert set(predictions.loc[fold == 1, "truth"]) == set(FOUR)
    assert "abwägend" not in set(predictions.loc[fold == 1, "prediction"])
    scores = json.loads((here / "reports/metrics.json").read_text())
    assert scores["n_utterances"] == 2 * 14
    assert scores["recall.abwägend"] <= 0.5


def test_a_dev_partition_without_trained_emotions_is_refused_with_the_remedy(here: Path) -> None:
    emotion = TWO_FOLDS["utterance"].map(UTTERANCES.set_index("utterance")["emotion"])
    seen = TWO_FOLDS["partition"].isin(["train", "dev"])
    partition = TWO_FOLDS["partition"].mask(seen, "train").mask(seen & (emotion == "abwägend"), "dev")
    small_study.write_tables(configuration("dnn"), partitions=TWO_FOLDS.assign(partition=partition))
    balance.main()
    with pytest.raises(ValueError, match=r"dev has no utterance of neutral, happy, sad, .* choose another partition"):
        train.main()
    assert not (here / "models").exists()


def test_predictions_are_in_the_order_of_folds_utterances_and_labels() -> None:
    facts = {"partition": "test", "prediction": "sad"}
    rows = [
        facts | {"fold": 1, "utterance": "a", "p_sad": 0.25, "p_neutral": 0.75},
        facts | {"fold": 0, "utterance": "b", "p_sad": 1.0, "p_neutral": np.nan},
        facts | {"fold": 0, "utterance": "a", "p_sad": 0.5, "p_neutral": 0.5},
    ]
    found = in_order(pd.DataFrame(rows))
    assert found[["fold", "utterance"]].to_numpy().tolist() == [[0, "a"], [0, "b"], [1, "a"]]
    assert list(found)[-2:] == ["p_neutral", "p_sad"]
    assert found["p_neutral"].tolist() == [0.5, 0.0, 0.75]
    assert found.index.tolist() == [0, 1, 2]


# ensembles


def test_an_ensembles_predictions_are_the_mean_of_its_members(ensemble: Path) -> None:
    predictions = written(ensemble)
    columns = [f"p_{label}" for label in FOUR]
    members = [tables.read_predictions(ensemble / f"data/members/{name}/predictions.csv") for name in MEMBERS]
    for member in members:
        facts = ["fold", "utterance", "partition", "truth"]
        pd.testing.assert_frame_equal(member[facts], predictions[facts])
    mean = (members[0][columns].to_numpy() + members[1][columns].to_numpy()) / 2
    np.testing.assert_array_equal(predictions[columns].to_numpy(), mean.round(6))
    assert predictions["prediction"].tolist() == [FOUR[k] for k in mean.argmax(axis=1)]
    assert np.abs(members[0][columns] - members[1][columns]).to_numpy().max() > 0.05
    scores = json.loads((ensemble / "reports/metrics.json").read_text())
    test = predictions[predictions["partition"] == "test"]
    assert scores["accuracy"] == pytest.approx((test["truth"] == test["prediction"]).mean(), abs=1e-6)


def test_the_saved_ensemble_predicts_what_evaluation_predicted(ensemble: Path) -> None:
    config = configuration("ensemble", *MEMBERS)
    features = {name: reading.read(ensemble / config["members"][name]["representation"]["path"]) for name in MEMBERS}
    predictions = written(ensemble)
    for fold, rows in predictions[predictions["partition"] == "test"].groupby("fold"):
        model = ensembles.load(ensemble / f"models/fold_{fold}")
        assert list(model.members) == list(MEMBERS)
        positions = features["svm"].positions(small_study.originals(rows["utterance"]))
        found = model.probabilities(features, positions)
        np.testing.assert_allclose(found, rows[[f"p_{label}" for label in model.labels]].to_numpy(), atol=6e-7)


def test_a_member_has_the_predictions_of_the_model_alone(ensemble: Path, here: Path) -> None:
    """Except for rounding: the predictions of a member are not rounded."""
    small_study.write_tables(configuration("svm"))
    small_study.run_stages()
    member = tables.read_predictions(ensemble / "data/members/svm/predictions.csv")
    pd.testing.assert_frame_equal(written(here), member.round(6))


def test_a_member_whose_features_have_lost_rows_is_refused_as_damaged(
    here: Path,
) -> None:
    config = configuration("ensemble", *MEMBERS)
    small_study.write_tables(config)
    path = Path(config["members"]["svm"]["representation"]["path"])
    features = tables.read_features(path)
    emotion = features["emotion"].iloc[0]
    tables.write(features[features["emotion"] == emotion], path)  # one emotion is too few for balancing, too
    with pytest.raises(
        ValueError, match=r"the features: found \d+ utterances without a row, .* damaged or of different"
    ):
        train_member.main("svm")


def test_members_keep_their_learning_curves(ensemble: Path) -> None:
    folder = ensemble / "data/members"
    assert (folder / "cnn/learning_curves/plots/metrics/fold_0/dev_uar.tsv").is_file()
    assert [path.name for path in (folder / "svm/learning_curves").iterdir()] == ["none.json"]
    assert json.loads((ensemble / "reports/learning_curves/none.json").read_text()) == {
        "ensemble": "is not trained in epochs"
    }
    assert not [path for path in (ensemble / "checkpoints").rglob("*") if path.is_file()]


def test_choosing_by_dev_predicts_only_dev_with_an_ensemble(ensemble: Path) -> None:
    found = ensembles.predicted(
        TWO_FOLDS[TWO_FOLDS["partition"] == "dev"], ensemble / "data/members", MEMBERS, ensemble / "models"
    )
    assert set(found["partition"]) == {"dev"}
    assert len(found) == 2 * 14


def test_members_of_other_partitions_are_refused_with_the_remedy(ensemble: Path) -> None:
    """As if the partition had changed and only one member had been trained again."""
    other = by_speaker({"02": "test", "01": "dev"}, {"04": "test", "03": "dev"})
    of_both = other[other["partition"] != "train"]
    with pytest.raises(ValueError, match=r"dvc repro"):
        ensembles.predicted(of_both, ensemble / "data/members", MEMBERS, ensemble / "models")


@pytest.mark.parametrize("members", [(), ("svm",)])
def test_an_ensemble_needs_two_members(members: tuple[str, ...], here: Path) -> None:
    config = configuration("ensemble", *MEMBERS)
    small_study.write_params(config | {"members": {name: config["members"][name] for name in members}})
    with pytest.raises(ValueError, match=rf"needs two members or more, and has {len(members)}; see conf/model/ensem"):
        train.main()
    assert not (here / "models").exists()


@pytest.mark.parametrize("lost", MEMBERS)
def test_an_untrained_member_is_an_error(lost: str, ensemble: Path, here: Path) -> None:
    small_study.write_params(configuration("ensemble", *MEMBERS))
    (here / "data/members").mkdir(parents=True)
    (here / "data/members" / next(name for name in MEMBERS if name != lost)).symlink_to(
        ensemble / "data/members" / next(name for name in MEMBERS if name != lost)
    )
    with pytest.raises((ValueError, OSError), match=lost):
        train.main()
    assert not (here / "models").exists()


# settings that do not fit


def refused(main: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> str:
    """Error message of a stage that ends without a traceback."""
    with pytest.raises(SystemExit) as ended:
        run(main)
    capsys.readouterr()
    return str(ended.value)


def test_smote_of_an_array_is_refused_and_names_the_other_choices(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_study.write_tables(configuration("cnn") | {"balance": {"name": "smote", "k_neighbors": 2}})
    message = refused(balance.main, capsys)
    assert message.startswith("error: smote needs a feature table")
    assert "balance=random_oversampler" in message
    assert "balance=none" in message


def test_a_classifier_of_an_array_is_refused_with_the_remedy(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configuration("cnn")
    model = small_study.sections("svm") | {"balance": config["balance"], "representation": config["representation"]}
    small_study.write_tables(config | model)
    balance.main()
    message = refused(train.main, capsys)
    assert "model=svm takes a feature table, and log_mel is an array; choose -S model.representation=" in message
    assert not (here / "models").exists()


@pytest.mark.parametrize(("name", "other"), [("dnn", "svm"), ("svm", "dnn")])
def test_training_settings_of_the_other_kind_of_model_are_refused(
    name: str, other: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with `-S model=dnn -S training=scikit_learn`: groups on the command line have priority."""
    small_study.write_tables(configuration(name) | {"training": small_study.sections(other)["training"]})
    balance.main()
    message = refused(train.main, capsys)
    assert message.startswith("error: ")
    assert "training" in message


def test_a_typo_in_the_training_settings_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configuration("dnn")
    small_study.write_tables(config | {"training": config["training"] | {"patiense": 3}})
    balance.main()
    assert "patiense" in refused(train.main, capsys)


def test_balanced_rows_of_another_representation_are_refused_with_the_remedy(here: Path) -> None:
    """Rows of a table from SMOTE, but an array as representation."""
    small_study.write_tables(configuration("dnn"))
    balance.main()
    small_study.write_params(configuration("cnn"))
    with pytest.raises(ValueError, match=r"lack 4 of 32 rows.*make all tables anew with: dvc repro"):
        train.main()


def test_standardisation_leaves_out_synthetic_rows_and_other_partitions(here: Path) -> None:
    """One fold, whose training rows determine mean and variance."""
    partitions = by_speaker({"01": "test", "02": "dev"})
    small_study.write_tables(configuration("dnn"), partitions=partitions)
    balance.main()
    train.main()
    network = bundle.load(here / "models/fold_0").model.network
    layer = next(layer for layer in network.layers if type(layer).__name__ == "Normalization")
    features = tables.read_features(Path(small_study.PATHS["librosa"]))
    rows = balancing.rows_of(features, partitions, fold=0, partition="train")
    values = rows[tables.feature_columns(rows)].to_numpy(np.float64)
    np.testing.assert_allclose(np.ravel(layer.mean), values.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(np.ravel(layer.variance), values.var(axis=0), rtol=1e-5)


# a network that was also trained on dev


@pytest.mark.slow
def test_dev_is_predicted_by_the_network_that_was_not_trained_on_it(here: Path) -> None:
    config = configuration("cnn")
    config["training"] |= {"select": "last", "refit": True}
    small_study.write_tables(config, partitions=by_speaker({"01": "test", "02": "dev"}))
    small_study.run_stages()
    features, predictions = small_study.input_of(config, here), written(here)
    for (fold, partition), rows in predictions.groupby(["fold", "partition"]):
        after = here / f"models/fold_{fold}"
        model = bundle.load(after / bundle.BEFORE_REFIT if partition == "dev" else after)
        positions = features.positions(small_study.originals(rows["utterance"]))
        expected = model.probabilities(features, positions)
        np.testing.assert_allclose(rows[[f"p_{label}" for label in model.labels]], expected, atol=1e-6)
        trained = set(model.description["speakers"])
        assert trained.isdisjoint(rows["speaker"])
        assert len(trained) == (2 if partition == "dev" else 3)
    first, second = (bundle.load(here / "models/fold_0" / name) for name in ("", bundle.BEFORE_REFIT))
    values = features.array[:4]
    assert (first.of_values(values) != second.of_values(values)).any()
