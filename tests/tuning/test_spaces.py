"""Search spaces: those of `conf/tune` fit their models; invalid ones are refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ser import params
from ser.models import NEURAL
from ser.models.classifiers import MODELS
from ser.tuning import experiments, spaces
from tests.support.paths import CONF

ALL = (*MODELS, *NEURAL)
OWN = ("svm", "logistic_regression", "linear_discriminant", "random_forest", "mlp", "dnn", "cnn_lstm", "attention")
SVM: dict[str, Any] = {
    "model": {"name": "svm", "representation": "librosa", "C": 10.0, "gamma": "scale"},
    "training": {"refit": True, "n_calibration_folds": 5, "calibration": "speakers"},
    "balance": {"name": "smote", "k_neighbors": 5},
    "seed": 0,
    "librosa": {"n_fft": 2048},
}


def space_of(tmp_path: Path, content: object, **options: Any) -> spaces.Space:
    """Search space from a file with `content`, for the study above."""
    path = tmp_path / "space.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return spaces.read(path, SVM, conf=CONF, **options)


def ends(space: spaces.Space) -> list[dict[str, Any]]:
    """The lowest value, the highest value and every choice of each setting, in as few combinations as possible."""
    values = {name: setting.get("choices") or [setting["low"], setting["high"]] for name, setting in space.items()}
    n_settings = max(map(len, values.values()))
    return [{name: own[min(k, len(own) - 1)] for name, own in values.items()} for k in range(n_settings)]


# Spaces of conf/tune


@pytest.mark.parametrize("name", [*OWN, "cnn", "conv_bilstm"])
def test_every_model_has_a_space_whose_ends_compose(name: str) -> None:
    config = experiments.composed([f"model={name}"], conf=CONF)
    space = spaces.read(spaces.path_of(name, conf=CONF), config, conf=CONF)
    assert spaces.distributions(space).keys() == space.keys()
    for values in ends(space):
        overrides = [f"{key}={yaml.safe_dump(value, default_flow_style=True)}" for key, value in values.items()]
        trial = experiments.composed([f"model={name}", *(line.partition("\n")[0] for line in overrides)], conf=CONF)
        for key, value in values.items():
            section, _, setting = key.partition(".")
            assert trial[section][setting or "name"] == value


@pytest.mark.parametrize("name", ALL)
def test_the_default_settings_lie_within_the_space_of_the_model(name: str) -> None:
    """Otherwise a search could not return to settings that are known to be good."""
    config = experiments.composed([f"model={name}"], conf=CONF)
    space = spaces.read(spaces.path_of(name, conf=CONF), config, conf=CONF)
    for key, setting in space.items():
        section, _, own = key.partition(".")
        value = config[section][own or "name"]
        if "choices" in setting:
            assert value in setting["choices"], key
        elif isinstance(value, float | int) and (value or not setting.get("log")):  # gamma: scale; no L2 at all
            assert setting["low"] <= value <= setting["high"], key


def test_every_file_belongs_to_a_model_or_to_all_other_networks() -> None:
    assert sorted(path.stem for path in (CONF / "tune").glob("*")) == sorted([*OWN, "network"])
    assert {name: spaces.path_of(name, conf=CONF).stem for name in ALL} == {
        name: name if name in OWN else "network" for name in ALL
    }


def test_models_without_a_space_are_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"model=ensemble has no settings of its own; tune each member alone"):
        spaces.path_of("ensemble", conf=CONF)
    with pytest.raises(ValueError, match=r"model=mine has no search space .*mine.yaml.*attention.*svm.*--space"):
        spaces.path_of("mine", conf=CONF)


# Drawn values


def test_drawn_values_are_overrides_that_compose_to_them() -> None:
    drawn = {"model.C": 12.34567, "balance": "none", "training.n_calibration_folds": 3}
    settings = spaces.settings(drawn)
    assert settings == {"model.C": "12.3", "balance": "none", "training.n_calibration_folds": "3"}
    content = experiments.composed([f"{name}={value}" for name, value in settings.items()], conf=CONF)
    assert (content["model"]["C"], content["training"]["n_calibration_folds"]) == (12.3, 3)
    assert content["balance"] == {"name": "none"}


@pytest.mark.parametrize("value", [1.234e-5, 1e-5, 2.0, 123456.0, 0.0])
def test_the_smallest_and_the_largest_numbers_compose(value: float) -> None:
    settings = spaces.settings({"model.C": value})
    content = experiments.composed([f"model.C={settings['model.C']}"], conf=CONF)
    assert content["model"]["C"] == pytest.approx(value, rel=5e-3)
    assert isinstance(content["model"]["C"], float)


@pytest.mark.parametrize(
    "choice",
    [
        *(True, False, None, 1, 0, 1.0e-5, "scale", [64, 32], [0.5, 0.1], ["a", "b"]),
        *("null", "true", "two words", "0.1", "[64]", {"whisper_": 0.1, "dense": 2.0}),
    ],
)
def test_choices_of_every_kind_compose_to_their_value_in_the_file(tmp_path: Path, choice: object) -> None:
    space = space_of(tmp_path, {"model.gamma": {"choices": [choice]}})
    (own,) = spaces.distributions(space).values()
    (drawn,) = own.choices  # type: ignore[attr-defined]
    settings = spaces.settings({"model.gamma": drawn})
    content = experiments.composed([f"model.gamma={settings['model.gamma']}"], conf=CONF)
    found = content["model"]["gamma"]
    assert (found, type(found)) == (choice, type(choice))


def test_integer_bounds_give_integers_and_others_give_floats(tmp_path: Path) -> None:
    space = space_of(tmp_path, {"model.C": {"low": 1, "high": 9}, "model.gamma": {"low": 1.0, "high": 9, "log": True}})
    own = spaces.distributions(space)
    assert [type(one).__name__ for one in own.values()] == ["IntDistribution", "FloatDistribution"]
    assert [one.log for one in own.values()] == [False, True]  # type: ignore[attr-defined]


# Fixed settings and invalid spaces


def test_fixed_settings_are_not_searched(tmp_path: Path) -> None:
    content = {"model.C": {"low": 1, "high": 9}, "balance": {"choices": ["none", "smote"]}}
    assert set(space_of(tmp_path, content, fixed=["balance", "corpus"])) == {"model.C"}
    assert set(space_of(tmp_path, content, fixed=["balance.k_neighbors"])) == {"model.C"}  # balance=none lacks it
    assert set(space_of(tmp_path, content, fixed=["model", "model.gamma"])) == {"balance", "model.C"}
    with pytest.raises(ValueError, match=r"-S sets all settings of .*space.yaml \(model.C, balance\)"):
        space_of(tmp_path, content, fixed=["balance", "model.C"])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "has no settings; write lines like: model.C"),
        ("- model.C", "has no settings"),
        ("a: [", "is not YAML"),
        ({"model.Cc": {"low": 1, "high": 2}}, "searches model.Cc, but the study has no such setting; see conf/model"),
        ({"balance.n": {"low": 1, "high": 2}}, "searches balance.n, but the study has no such setting"),
        ({"seed": {"choices": [1, 2]}}, "searches seed; only settings of model, training, balance can be searched"),
        ({"librosa.n_fft": {"choices": [1, 2]}}, "searches librosa.n_fft; only"),
        ({"model": {"choices": ["svm", "mlp"]}}, "searches model; only"),
        ({"model.representation": {"choices": ["yamnet"]}}, "searches model.representation; only"),
        ({7: {"choices": [1, 2]}}, "searches 7; only"),
        (
            {"balance": {"choices": ["none", "smot"]}},
            "has balance: smot; its choices are the files by_corpus, none, random_over",
        ),
        ({"balance": {"low": 1, "high": 2}}, "has balance: {'low': 1, 'high': 2}; its choices are the files"),
        ({"balance": {"choices": 5}}, "has balance: choices: 5; wanted a list"),
        ({"balance": {"choices": "none"}}, "has balance: choices: none; wanted a list"),
        ({"model.C": 3}, "has model.C: 3; wanted low, high and optional log, or choices"),
        ({"model.C": {"low": 1}}, "wanted low, high and optional log, or choices"),
        ({"model.C": {"low": 1, "high": 2, "step": 1}}, "wanted low, high"),
        ({"model.C": {"low": 2, "high": 2}}, "wanted numbers, low below high"),
        ({"model.C": {"low": 0, "high": 2, "log": True}}, "above 0 with log"),
        ("model.C: {low: 1e-3, high: 1}", "because YAML reads 1e-3 as text"),
        ("model.C: {low: 1, high: .inf}", "wanted numbers"),
        ({"model.C": {"low": True, "high": 2}}, "wanted numbers"),
        ({"model.C": {"choices": []}}, "wanted a list"),
        ({"model.C": {"choices": "ab"}}, "wanted a list"),
    ],
)
def test_an_invalid_space_is_refused_by_name(tmp_path: Path, content: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=r"space\.yaml") as raised:
        space_of(tmp_path, content)
    assert complaint in str(raised.value)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ValueError, match=r"no file nowhere.yaml; search spaces are in conf/tune"):
        spaces.read(Path("nowhere.yaml"), SVM, conf=params.CONF)
