"""Every classifier by its name, with its scaler inside."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from ser.core import tables
from ser.models.classifiers import MODELS, model
from tests.support.bundles import SETTINGS
from tests.support.learning_tables import feature_table, utterance_table

FEATURES = feature_table(utterance_table(4))
VALUES = FEATURES[tables.feature_columns(FEATURES)].to_numpy()
EMOTION = FEATURES["emotion"].to_numpy(str)


def test_every_model_is_tested_here() -> None:
    assert set(SETTINGS) == set(MODELS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_model_learns_separable_emotions(name: str) -> None:
    fitted = model(name, seed=0, **SETTINGS[name]).fit(VALUES, EMOTION)
    assert fitted.classes_.tolist() == sorted(set(EMOTION))
    assert fitted.score(VALUES, EMOTION) > 0.75  # chance is 0.13


@pytest.mark.parametrize("name", SETTINGS)
def test_a_model_has_its_scaler_inside(name: str) -> None:
    assert isinstance(model(name, seed=0, **SETTINGS[name])[0], StandardScaler)


@pytest.mark.parametrize("name", ["svm", "logistic_regression", "linear_discriminant"])
def test_the_unit_of_a_feature_does_not_matter(name: str) -> None:
    other_unit = VALUES * np.array([1000] + [1] * (VALUES.shape[1] - 1), np.float32)
    first, second = (model(name, seed=0, **SETTINGS[name]).fit(values, EMOTION) for values in (VALUES, other_unit))
    np.testing.assert_allclose(first.decision_function(VALUES), second.decision_function(other_unit), atol=2e-3)


@pytest.mark.parametrize("name", ["random_forest", "mlp"])
def test_random_models_depend_on_the_seed(name: str) -> None:
    first, again, other = (
        model(name, seed=seed, **SETTINGS[name]).fit(VALUES, EMOTION).predict_proba(VALUES) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_settings_reach_the_classifier() -> None:
    assert model("svm", seed=0, C=7.0, gamma=0.25)[-1].get_params().items() >= {"C": 7.0, "gamma": 0.25}.items()
    regression = model("logistic_regression", seed=0, C=7.0, class_weight="balanced")[-1]
    assert (regression.C, regression.class_weight) == (7.0, "balanced")
    discriminant = model("linear_discriminant", seed=0, shrinkage=0.25, class_weight="by_corpus")[-1]
    assert (discriminant.shrinkage, discriminant.class_weight) == (0.25, None)
    forest = model("random_forest", seed=4, n_estimators=11, min_samples_leaf=3)[-1]
    assert (forest.n_estimators, forest.min_samples_leaf, forest.random_state) == (11, 3, 4)
    network = model("mlp", seed=4, hidden_layer_sizes=[8, 4], alpha=0.5, max_iter=9)[-1]
    assert (network.hidden_layer_sizes, network.alpha, network.max_iter) == ((8, 4), 0.5, 9)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"unknown model 'svn'; model\.name is one of svm, logistic_regression, linear"
    ):
        model("svn", seed=0)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_mistyped_setting_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match="max_depht"):
        model(name, seed=0, **SETTINGS[name], max_depht=3)
