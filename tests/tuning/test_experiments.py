"""Overrides as the file of an experiment: it composes to the same parameters, or is refused."""

import shutil
from pathlib import Path

import pytest
import yaml

from ser.tuning import experiments
from tests.support.paths import CONF


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """Copy of the configuration that a test may change."""
    shutil.copytree(CONF, tmp_path / "conf")
    return tmp_path / "conf"


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["corpus=ravdess", "partition=emobox", "librosa=means_42", "model.C=83.1", "model.gamma=0.00122"],
        ["model=attention", "balance=none", "training.learning_rate=1e-05", "training.batch_size=16"],
        ["balance=none", "model=attention"],
        ["model=cnn_lstm", "training=long", "training.patience=null", "training.class_weight=true"],
        ["model.C=0.5", "model=svm"],
        ["model=mlp", "model.hidden_layer_sizes=[128, 64]", "model.representation=yamnet_librosa"],
        ["corpus=combined", "corpus.corpora=[ravdess,emodb]", "labels=common_four", "labels.actions.calm=neutral"],
        ["experiment=emobox_svm", "model.C=3.0"],
        ["experiment=emobox_svm", "model=random_forest", "balance=random_oversampler", "model.min_samples_leaf=7"],
        ["model=cnn_gru", "experiment=emobox_svm"],
        ["partition=published", "partition.source=mine", 'partition.folds=[["01"],["02"],["03"]]'],
        ["model=ensemble", "members.svm.model.C=1"],
        ["+training.note=mine", "seed=7", "evaluation.test=false"],
    ],
    ids=" ".join,
)
def test_a_file_composes_to_the_same_parameters_as_the_overrides(conf: Path, overrides: list[str]) -> None:
    text = experiments.text(overrides, ["First line.", "Second: line."], conf=conf)
    (conf / "experiment" / "mine.yaml").write_text(text)
    expected = experiments.composed(overrides, conf=CONF)
    assert experiments.composed(["experiment=mine"], conf=conf) == expected
    assert text.splitlines()[:3] == ["# @package _global_", "# First line.", "# Second: line."]


def test_the_command_line_wins_over_the_file_that_is_written(conf: Path) -> None:
    experiments.write(conf / "experiment/mine.yaml", ["model.C=3.0", "balance=none"], [], conf=conf)
    assert not list(conf.rglob("*being_checked*"))
    content = experiments.composed(["experiment=mine", "model.C=4.0", "balance=smote"], conf=conf)
    assert (content["model"]["C"], content["balance"]["name"]) == (4, "smote")


def test_the_place_of_the_corpus_is_not_in_the_file(conf: Path) -> None:
    path = conf / "experiment" / "mine.yaml"
    overrides = ["corpus=ravdess", "corpus.root=/home/me/ravdess", "corpus.on_invalid=exclude"]
    experiments.write(path, overrides, [], conf=conf)
    assert "/home" not in path.read_text()
    corpus = experiments.composed(["experiment=mine"], conf=conf)["corpus"]
    assert (corpus["name"], corpus["root"], corpus["on_invalid"]) == ("ravdess", "data/raw/ravdess", "exclude")


def test_choices_are_an_experiment_groups_and_values() -> None:
    overrides = [
        "experiment=emobox_svm",
        "model=mlp",
        "model.alpha=1e-3",
        'corpus.speaker_pattern="a=(b)"',
        "+x.y=[1,2]",
    ]
    chosen = experiments.choices(overrides, conf=CONF)
    assert chosen.base == "emobox_svm"
    assert chosen.groups == {"model": "mlp"}
    assert chosen.values == {"model.alpha": 0.001, "corpus.speaker_pattern": "a=(b)", "x.y": [1, 2]}


@pytest.mark.parametrize("override", ["model=svm,mlp", "~model.C", "corpus@other=ravdess", "model.C=range(1,3)"])
def test_an_override_that_no_file_can_contain_is_refused_by_name(override: str) -> None:
    with pytest.raises(
        ValueError, match="cannot be written to the file of an experiment; give one value or file"
    ) as raised:
        experiments.choices([override], conf=CONF)
    assert override in str(raised.value)


@pytest.mark.parametrize("override", ["model", "model.C=[1", ""])
def test_an_invalid_override_is_refused_with_an_example(override: str) -> None:
    with pytest.raises(ValueError, match=r"is not a setting .*; write it as model=mlp or model.C=1"):
        experiments.choices([override], conf=CONF)


def test_a_file_that_would_be_another_study_is_not_written(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = conf / "experiment" / "mine.yaml"
    monkeypatch.setattr(experiments, "text", lambda *_, **options: "# @package _global_\nseed: 1\n")  # noqa: ARG005
    with pytest.raises(ValueError, match=r"a file with model.C=1 would be another study"):
        experiments.write(path, ["model.C=1"], [], conf=conf)
    assert not path.exists()


def test_a_setting_that_the_study_lacks_is_named(conf: Path) -> None:
    with pytest.raises(ValueError, match=r"does not compose with model.Cc=1: "):
        experiments.write(conf / "experiment/mine.yaml", ["model.Cc=1"], [], conf=conf)


def test_without_a_configuration_the_message_has_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no folder .*conf here; go to the folder of the project"):
        experiments.composed([], conf=tmp_path / "conf")


def test_the_file_looks_like_one_written_by_hand(conf: Path) -> None:
    overrides = ["corpus=ravdess", "model=svm", "model.C=83.1", "balance=none"]
    text = experiments.text(overrides, ["Why."], conf=conf)
    assert text == (
        "# @package _global_\n# Why.\ndefaults:\n- override /corpus: ravdess\n- override /model: svm\n"
        "- override /balance: none\nmodel:\n  C: 83.1\n"
    )
    assert yaml.safe_load(text)["model"] == {"C": 83.1}
