"""Parameters that conf composes, as the overrides that produced them."""

import pytest

from ser.tuning import experiments, overrides
from tests.support.paths import CONF

STUDIES = [
    [],
    ["seed=3"],
    ["corpus=ravdess", "partition=emobox"],
    ["corpus=ravdess", "partition=luna_jimenez", "model=mlp", "model.alpha=1.0"],
    ["model=dnn", "training.batch_size=32"],
    ["balance=none", "model=cnn_lstm"],
    ["corpus=tess", "corpus.root=/data/tess", "corpus.on_invalid=exclude"],
    ["model=best"],
    ["model=tuned_yamnet", "training=system_b", "training.learning_rate=1e-05"],
    ["librosa=means_42", "model.representation=yamnet_librosa"],
    ["adaptation=speaker", "opensmile=compare_2016", "augmentation=waveform"],
    ["corpus=combined", "labels=common_four", "corpus.corpora=[ravdess,emodb]", "evaluation.test=false"],
]


@pytest.mark.parametrize("study", STUDIES, ids=" ".join)
def test_the_overrides_of_a_study_are_found_again(study):
    found = overrides.choices(experiments.composed(study, conf=CONF), conf=CONF)
    assert sorted(found.overrides()) == sorted(study)


@pytest.mark.parametrize(
    ("study", "command"),
    [
        ([], "dvc repro"),
        (
            ["corpus=tess", "corpus.root='/data/my tess'", "model.C=1.0"],
            "dvc exp run -S corpus=tess -S corpus.root=FOLDER -S model.C=1.0",
        ),
        (
            ["corpus=table", "corpus.list=/home/anna/list.csv", "tracking=mlflow", "tracking.uri='http://a:secret@b'"],
            "dvc exp run -S corpus=table -S corpus.list=FILE",
        ),
    ],
)
def test_the_command_of_a_study_tells_nothing_of_this_machine(study, command):
    assert overrides.command(experiments.composed(study, conf=CONF), conf=CONF) == command


def test_an_experiment_of_conf_is_found_as_the_files_that_it_names():
    settings = experiments.composed(["experiment=emobox_svm"], conf=CONF)
    assert overrides.choices(settings, conf=CONF).overrides() == ["corpus=ravdess", "partition=emobox"]


@pytest.mark.parametrize(
    "study", [["model=mlp", "+extra.depth=2"], ["model=cnn", "training.learning_rate=1e-05", "+model.words='a b'"]]
)
def test_overrides_compose_to_the_settings_that_they_were_found_for(study):
    settings = experiments.composed(study, conf=CONF)
    assert experiments.composed(overrides.choices(settings, conf=CONF).overrides(), conf=CONF) == settings


def test_files_are_those_in_use_though_the_model_chose_them():
    files = overrides.choices(experiments.composed(["model=cnn_lstm"], conf=CONF), conf=CONF).files
    assert (files["model"], files["training"], files["balance"]) == ("cnn_lstm", "system_b", "random_oversampler")


def test_values_that_follow_from_others_are_not_listed():
    settings = experiments.composed(["librosa.n_fft=1024"], conf=CONF)
    assert settings["representation"]["settings"]["n_fft"] == settings["yamnet_librosa"]["librosa"]["n_fft"] == 1024
    assert overrides.choices(settings, conf=CONF).overrides() == ["librosa.n_fft=1024"]


def test_settings_of_an_older_version_are_listed_and_missing_ones_are_not():
    settings = experiments.composed(["model=svm"], conf=CONF)
    del settings["evaluation"]["n_bins"]
    settings["smoothing"] = {"sigma": 0.5}
    assert overrides.choices(settings, conf=CONF).overrides() == ["+smoothing.sigma=0.5"]


def test_a_conf_that_does_not_compose_is_an_error(tmp_path):
    (tmp_path / "config.yaml").write_text("defaults:\n  - model: none\n")
    with pytest.raises(ValueError, match="does not compose with its defaults"):
        overrides.choices({"model": {"name": "svm"}}, conf=tmp_path)
