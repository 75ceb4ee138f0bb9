"""Ensembles: the mean of the predictions of members with equal utterances and emotions."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ser.core import files, tables
from ser.models import averaging, bundle, bundle_file, classifier_training, ensembles
from ser.representation.reading import Representation
from tests.support.learning_tables import feature_table, prediction_table, utterance_table

FOUR = ("neutral", "happy", "sad", "angry")
UTTERANCES = utterance_table(4, emotions=FOUR, n_repetitions=1)
DESCRIPTION = {"model": {"name": "ensemble", "representation": "librosa"}, "seed": 0}
ARITHMETIC = {"name": "ensemble", "mean": "arithmetic"}
REMEDY = "train all anew with: dvc repro -f train"


def predictions(seed: int, labels: tuple[str, ...] = FOUR) -> pd.DataFrame:
    return prediction_table(UTTERANCES, labels=labels, seed=seed)


def named(*tables: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables of members, by names."""
    return {f"member_{k}": table for k, table in enumerate(tables)}


# the mean of tables


def test_the_mean_of_two_tables_by_hand() -> None:
    facts = {"fold": 0, "partition": "test", "corpus": "ravdess", "speaker": "ravdess/01", "sex": "male"}
    facts |= {"intensity": "normal", "truth": "sad"}
    first = pd.DataFrame([facts | {"utterance": "a", "prediction": "happy", "p_happy": 0.625, "p_sad": 0.375}])
    second = pd.DataFrame([facts | {"utterance": "a", "prediction": "sad", "p_happy": 0.125, "p_sad": 0.875}])
    found = ensembles.averaged(named(first, second), ARITHMETIC)
    assert found.loc[0, ["p_happy", "p_sad", "prediction", "truth"]].tolist() == [0.375, 0.625, "sad", "sad"]
    assert ensembles.averaged(named(first, first, second), ARITHMETIC).loc[0, "p_happy"] == pytest.approx(
        (0.625 * 2 + 0.125) / 3
    )


@pytest.mark.parametrize("mean", ["arithmetic", "geometric"])
def test_a_weight_of_two_counts_a_member_twice(mean: str) -> None:
    first, second = predictions(0), predictions(1)
    twice = ensembles.averaged(named(first, second, second), {"name": "ensemble", "mean": mean})
    weights = {"member_1": 1.0, "member_0": 0.5}
    found = ensembles.averaged(named(first, second), {"name": "ensemble", "mean": mean, "weights": weights})
    columns = tables.probability_columns(found)
    np.testing.assert_allclose(found[columns], twice[columns], rtol=1e-12)
    alike = ensembles.averaged(named(first, second), {"name": "ensemble", "mean": mean, "weights": None})
    assert (found[columns] != alike[columns]).to_numpy().any()


@pytest.mark.parametrize("weights", [{}, {"svm": 1.0}, {"svm": 1.0, "mlp": 0.0}, {"svm": 1.0, "mlp": math.inf}])
def test_weights_are_positive_numbers_of_all_members(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"model\.weights is .* for each of svm, mlp, or null"):
        averaging.mean_of({"weights": weights}, ["svm", "mlp"])


def test_the_mean_is_a_table_of_predictions() -> None:
    members = [predictions(seed) for seed in (0, 1, 2)]
    found = tables.PREDICTIONS.validate(ensembles.averaged(named(*members), ARITHMETIC))
    columns = tables.probability_columns(found)
    expected = sum(member[columns].to_numpy() for member in members) / 3
    np.testing.assert_allclose(found[columns].to_numpy(), expected, rtol=1e-12)
    assert found["prediction"].tolist() == [FOUR[k] for k in expected.argmax(axis=1)]
    assert (found["prediction"] != members[0]["prediction"]).any()
    facts = [name for name in found if name not in (*columns, "prediction")]
    pd.testing.assert_frame_equal(found[facts], members[0][facts])


def test_the_geometric_mean_by_hand_with_a_floor_for_0() -> None:
    """Roots of 0.64 * 0.04, 0.32 * 0.32 and 0.04 * 0.64 are as 4 to 8 to 4; a probability of 0 counts as 1e-6."""
    found = averaging.geometric([np.array([[0.64, 0.32, 0.04]]), np.array([[0.04, 0.32, 0.64]])])
    np.testing.assert_allclose(found, [[0.25, 0.5, 0.25]], rtol=1e-12)
    vetoed = averaging.geometric([np.array([[1.0, 0.0, 0.0]]), np.array([[0.5, 0.5, 0.0]])])
    np.testing.assert_allclose(vetoed, [[1 / 1.001, 0.001 / 1.001, 0]], rtol=1e-6)


def test_the_geometric_mean_is_the_softmax_of_the_mean_of_logits() -> None:
    logits = np.random.default_rng(0).normal(0, 2, (3, 50, 4))
    parts = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    expected = np.exp(logits.mean(axis=0))
    np.testing.assert_allclose(
        averaging.geometric(list(parts)), expected / expected.sum(axis=1, keepdims=True), rtol=1e-10
    )


def test_the_table_has_the_mean_that_the_settings_name() -> None:
    pair = [predictions(seed) for seed in (0, 1)]
    columns = tables.probability_columns(pair[0])
    found = ensembles.averaged(named(*pair), {"name": "ensemble", "mean": "geometric"})[columns].to_numpy()
    np.testing.assert_array_equal(found, averaging.geometric([one[columns].to_numpy() for one in pair]))
    earlier = ensembles.averaged(named(*pair), {"name": "ensemble"})
    pd.testing.assert_frame_equal(earlier, ensembles.averaged(named(*pair), ARITHMETIC))
    with pytest.raises(ValueError, match=r"unknown model\.mean 'harmonic'; it is arithmetic or geometric"):
        ensembles.averaged(named(*pair), {"name": "ensemble", "mean": "harmonic"})


def test_the_mean_of_one_member_has_its_probabilities() -> None:
    member = predictions(0)
    columns = tables.probability_columns(member)
    pd.testing.assert_frame_equal(ensembles.averaged(named(member), ARITHMETIC)[columns], member[columns])


def test_the_order_of_the_members_does_not_matter() -> None:
    a, b = predictions(0), predictions(1)
    pd.testing.assert_frame_equal(
        ensembles.averaged(named(a, b), ARITHMETIC), ensembles.averaged(named(b, a), ARITHMETIC)
    )


def test_no_members_are_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"no members; name two or more in conf/model/ensemble\.yaml"):
        ensembles.averaged(named(), ARITHMETIC)


@pytest.mark.parametrize(
    "other",
    [
        predictions(1).iloc[1:].reset_index(drop=True),
        predictions(1).iloc[::-1].reset_index(drop=True),
        predictions(1).assign(partition="dev"),
        predictions(1).assign(fold=1),
        predictions(1).replace({"truth": {"sad": "angry"}}),
        predictions(1).drop(columns="p_sad"),
        predictions(1, (*FOUR, "calm")),
    ],
    ids=["a row less", "another order", "dev", "another fold", "another truth", "an emotion less", "one more"],
)
def test_members_of_different_utterances_or_emotions_are_refused(other: pd.DataFrame) -> None:
    for pair in ([predictions(0), other], [other, predictions(0)]):
        with pytest.raises(ValueError, match=rf"predicted different utterances or emotions; {REMEDY}"):
            ensembles.averaged(named(*pair), ARITHMETIC)


# bundles


def classifier(n_features: int, seed: int, labels: tuple[str, ...] = FOUR) -> tuple[bundle.Bundle, Representation]:
    """A bundle that was trained on its own features, and the features."""
    features = feature_table(UTTERANCES, n_features=n_features, separation=1, seed=seed)
    rows = features[features["emotion"].isin(labels)].assign(synthetic=False)
    speaker = UTTERANCES.loc[rows.index, "speaker"]
    model = classifier_training.fitted(rows, speaker, name="logistic_regression", n_calibration_folds=2, seed=0, C=1.0)
    description = {"model": {"name": "logistic_regression"}}
    settings = {"name": f"features_{n_features}", "settings": {}}
    names = tables.feature_columns(features)
    return bundle.Bundle(model, list(labels), names, settings, description), Representation(features)


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], dict[str, Representation]]:
    """Folders of two members, and the features of each."""
    folder = tmp_path_factory.mktemp("members")
    folders, features = {}, {}
    for name, n_features in (("small", 3), ("large", 6)):
        made, features[name] = classifier(n_features, seed=n_features)
        folders[name] = folder / name / "fold_0"
        bundle.save(made, folders[name])
    return folders, features


@pytest.mark.parametrize("weights", [None, {"small": 3.0, "large": 1.0}])
@pytest.mark.parametrize("mean", ["arithmetic", "geometric"])
def test_an_ensemble_predicts_the_mean_of_its_members_on_their_own_features(
    members: tuple[dict[str, Path], dict[str, Representation]],
    tmp_path: Path,
    mean: str,
    weights: dict[str, float] | None,
) -> None:
    folders, features = members
    model = {**DESCRIPTION["model"], "mean": mean, "weights": weights}
    ensembles.save(folders, tmp_path / "fold_0", {**DESCRIPTION, "model": model})
    ensemble = ensembles.load(tmp_path / "fold_0")
    positions = np.array([5, 0, 9])
    alone = {name: bundle.load(folders[name]).probabilities(features[name], positions) for name in folders}
    found = ensemble.probabilities(features, positions)
    np.testing.assert_allclose(
        found, averaging.MEANS[mean](list(alone.values()), list(weights.values()) if weights else None), rtol=1e-12
    )
    assert found.shape == (3, 4)
    assert np.abs(alone["small"] - alone["large"]).max() > 0.01
    assert (list(ensemble.members), ensemble.labels) == (["small", "large"], list(FOUR))
    assert ensemble.description["model"] == model
    assert ensemble.description["seed"] == 0


def test_an_ensemble_does_not_need_the_folders_of_its_members(
    members: tuple[dict[str, Path], dict[str, Representation]], tmp_path: Path
) -> None:
    ensembles.save(members[0], tmp_path / "fold_0", DESCRIPTION)
    (tmp_path / "fold_0").rename(tmp_path / "elsewhere")
    ensemble = ensembles.load(tmp_path / "elsewhere")
    assert not any(path.is_symlink() for path in (tmp_path / "elsewhere").rglob("*"))
    assert ensemble.probabilities(members[1], np.arange(2)).sum(axis=1) == pytest.approx([1, 1])


def test_the_order_of_the_members_is_kept(
    members: tuple[dict[str, Path], dict[str, Representation]], tmp_path: Path
) -> None:
    folders = dict(reversed(members[0].items()))
    ensembles.save(folders, tmp_path / "fold_0", DESCRIPTION)
    assert list(ensembles.load(tmp_path / "fold_0").members) == ["large", "small"]


def test_bundles_of_different_emotions_are_refused(
    members: tuple[dict[str, Path], dict[str, Representation]], tmp_path: Path
) -> None:
    bundle.save(classifier(3, seed=0, labels=FOUR[:3])[0], tmp_path / "three")
    with pytest.raises(ValueError, match=rf"the members small, three have different emotions; {REMEDY}"):
        ensembles.save({"small": members[0]["small"], "three": tmp_path / "three"}, tmp_path / "fold_0", DESCRIPTION)
    assert not (tmp_path / "fold_0").exists()


def test_a_missing_member_is_refused(
    members: tuple[dict[str, Path], dict[str, Representation]], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"no model in .*nowhere"):
        ensembles.save(members[0] | {"other": tmp_path / "nowhere"}, tmp_path / "fold_0", DESCRIPTION)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_save_leaves_nothing(
    members: tuple[dict[str, Path], dict[str, Representation]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, content: object) -> None:
        assert (path.parent / ensembles.MEMBERS / "large" / bundle.CLASSIFIER).is_file()
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "write_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensembles.save(members[0], tmp_path / "fold_0", DESCRIPTION)
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_is_refused_as_an_ensemble_with_the_remedy(tmp_path: Path) -> None:
    """A bundle of somebody else need not name its model."""
    about = {"format": 1, "labels": ["calm", "sad"], "columns": [], "representation": {"name": "x", "settings": {}}}
    bundle_file.write(about, tmp_path)
    with pytest.raises(ValueError, match=r"has one model, and is not an ensemble; load it with ser\.models\.bundle"):
        ensembles.load(tmp_path)


def test_an_ensemble_is_refused_as_a_bundle_with_the_remedy(
    members: tuple[dict[str, Path], dict[str, Representation]], tmp_path: Path
) -> None:
    ensembles.save(members[0], tmp_path / "fold_0", DESCRIPTION)
    with pytest.raises(ValueError, match=r"ensemble.*; load it with ser\.models\.ensembles"):
        bundle.load(tmp_path / "fold_0")


@pytest.mark.parametrize("damage", ["member", "description", "format"])
def test_a_damaged_ensemble_is_refused(
    damage: str, members: tuple[dict[str, Path], dict[str, Representation]], tmp_path: Path
) -> None:
    folder = tmp_path / "fold_0"
    ensembles.save(members[0], folder, DESCRIPTION)
    if damage == "member":
        (folder / ensembles.MEMBERS / "large" / bundle.CLASSIFIER).unlink()
    elif damage == "description":
        (folder / bundle.DESCRIPTION).write_text("{")
    else:
        content = json.loads((folder / bundle.DESCRIPTION).read_text())
        files.write_json(folder / bundle.DESCRIPTION, content | {"format": 0})
    with pytest.raises(ValueError, match=r"no model in .*large|is damaged|has format 0"):
        ensembles.load(folder)
