"""Representation, balancing and training that `model=…` sets, by the published systems."""

from typing import Any

import pytest

from ser.models.progress import Rules
from tests.support.network_names import ON_LOG_MEL, SYSTEM_B
from tests.support.small_corpora import composed

SYSTEM = {
    **dict.fromkeys((*SYSTEM_B, "cnn_lstm_compact", "cnn", "lstm", "gru"), "system_b"),
    "conv_bilstm": "system_c",
    "dnn": "system_e",
    "attention": "long",
    "tuned_yamnet": "fine_tuning",
    "tuned_whisper": "encoder_tuning",
}
REPRESENTATION = {
    **dict.fromkeys(ON_LOG_MEL, "log_mel"),
    "conv_bilstm": "frames",
    "dnn": "librosa",
    "tuned_yamnet": "yamnet_bands",
    "tuned_whisper": "whisper_states",
}
PUBLISHED: dict[str, dict[str, Any]] = {  # docs/systems.md
    "system_b": {"batch_size": 32, "max_epochs": 100, "patience": 12, "learning_rate": 1e-3, "class_weight": False},
    "system_c": {"batch_size": 32, "max_epochs": 200, "patience": None, "learning_rate": 1e-3, "class_weight": True},
    "system_e": {"batch_size": 16, "max_epochs": 200, "learning_rate": 1e-3, "class_weight": False},
}
OTHERS = (
    *("batch_size", "learning_rate", "weight_decay", "class_weight", "label_smoothing", "mixup", "variation"),
    *("deterministic", "bias_correction", "refit"),
)


def of(model: str, *overrides: str) -> dict[str, Any]:
    return composed(f"model={model}", *overrides)


@pytest.mark.parametrize("name", SYSTEM)
def test_a_network_sets_its_representation_balancing_and_training(name: str) -> None:
    content = of(name)
    assert content["representation"]["name"] == content["model"]["representation"] == REPRESENTATION[name]
    assert content["representation"]["settings"] == content[REPRESENTATION[name]]
    assert content["model_input"] == content["representation"]["path"] == content["paths"][REPRESENTATION[name]]
    assert content["training"] == composed(f"training={SYSTEM[name]}")["training"]
    resampled = REPRESENTATION[name] == "log_mel"  # C weights its classes, E does not
    assert content["balance"]["name"] == ("random_oversampler" if resampled else "none")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_training_group_has_the_settings_of_its_system(name: str) -> None:
    training = composed(f"training={name}")["training"]
    assert {key: training[key] for key in PUBLISHED[name]} == PUBLISHED[name]
    assert training["select"] == ("mean_accuracy" if name == "system_c" else "dev_loss")
    assert (training["reduce_patience"] is None) == (name == "system_c")  # B and E reduce on plateaus
    assert (training["patience"] is None) == (name == "system_c")


@pytest.mark.parametrize("name", [*PUBLISHED, "long", "fine_tuning", "encoder_tuning"])
def test_a_training_group_is_complete_and_its_rules_are_valid(name: str) -> None:
    training = composed(f"training={name}")["training"]
    own = {"multipliers"} if name == "encoder_tuning" else set()
    assert set(training) == {*Rules.__dataclass_fields__, *OTHERS, *own}
    assert training["deterministic"] is True
    Rules(**{key: value for key, value in training.items() if key not in (*OTHERS, *own)})
    if training["reduce_patience"] is not None:
        assert training["reduce_patience"] < training["patience"]  # otherwise it could never be reduced


@pytest.mark.parametrize("name", ["cnn_gru", "conv_bilstm", "dnn"])
def test_the_command_line_has_priority_before_or_after_the_model(name: str) -> None:
    wanted = ("training=long", "balance=smote", "training.batch_size=8", "training.patience=null", "seed=3")
    first, last = composed(*wanted, f"model={name}"), of(name, *wanted)
    assert first == last
    assert first["training"] == composed("training=long")["training"] | {"batch_size": 8, "patience": None}
    assert (first["balance"]["name"], first["seed"]) == ("smote", 3)
    assert first["model"] == of(name)["model"]


def test_a_single_setting_of_a_model_can_be_overridden() -> None:
    content = of("cnn_lstm", "training.select=mean_accuracy", "training.class_weight=true", "log_mel.n_mels=40")
    expected = composed("training=system_b")["training"] | {"select": "mean_accuracy", "class_weight": True}
    assert content["training"] == expected
    assert content["representation"]["settings"]["n_mels"] == 40


def test_the_representation_of_a_model_can_be_overridden() -> None:
    content = of("dnn", "model.representation=yamnet")
    assert content["representation"]["name"] == "yamnet"
    assert content["model_input"] == content["paths"]["yamnet"]


def test_a_network_in_an_experiment_sets_its_own_training() -> None:
    content = of("cnn_gru", "experiment=emobox_svm")
    assert (content["model"]["name"], content["corpus"]["name"]) == ("cnn_gru", "ravdess")
    assert content["training"] == composed("training=system_b")["training"]


def test_a_classifier_after_a_network_sets_its_own_training_and_balancing() -> None:
    assert of("svm") == composed()
    assert set(of("svm")["training"]) == {"refit", "n_calibration_folds", "calibration"}
    assert of("svm")["balance"]["name"] == "smote"


def test_a_setting_that_no_network_has_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="n_heads"):
        composed("model=cnn", "model.n_heads=2")


def test_members_of_an_ensemble_have_the_settings_of_the_models_alone() -> None:
    members = of("ensemble")["members"]
    assert set(members) == {"svm", "attention"}
    for name, member in members.items():
        alone = of(name)
        assert member == {key: alone[key] for key in ("model", "training", "balance", "representation")}


def test_a_single_member_of_an_ensemble_can_be_overridden() -> None:
    members = of("ensemble", "members.attention.training.max_epochs=3")["members"]
    assert members["attention"]["training"]["max_epochs"] == 3
    assert members["attention"]["model"] == of("attention")["model"]


@pytest.mark.parametrize("name", ["best", "known_speakers"])
def test_each_member_of_a_weighted_ensemble_has_a_weight_and_they_sum_to_one(name: str) -> None:
    content = of(name)
    weights = content["model"]["weights"]
    assert set(weights) == set(content["members"])
    assert sum(weights.values()) == pytest.approx(1)
    assert min(weights.values()) > 0


def test_the_network_for_known_speakers_is_trained_on_dev_too() -> None:
    """Dev decides nothing in its training, so its dev scores are not too high, and weights can be chosen by them."""
    member = of("known_speakers")["members"]["conv_bilstm"]
    assert member["training"]["refit"] is True
    assert member["training"]["select"] == "last"
    assert member["representation"]["name"] == "frames"
