"""Unknown names and wrong types in `params.yaml` are refused at once, with the setting, the value and the remedy."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ser import params
from ser.core import extras
from ser.sections import checking, table
from tests.support.paths import CONF, ROOT

REMOVED = object()


def changed(**settings: Any) -> dict[str, Any]:
    """Parameters of the default study with other values, whose names have `__` for dots."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text())
    for name, value in settings.items():
        *above, key = name.split("__")
        section = config
        for part in above:
            section = section[int(part) if isinstance(section, list) else part]  # type: ignore[call-overload]
        if value is REMOVED:
            del section[key]
        else:
            section[key] = value
    return config


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"corpsu": "ravdess"}, "there is no section corpsu; did you mean corpus? the sections are tables, "),
        ({"model__gama": 1.0}, "model has no setting gama; did you mean gamma? it has C, gamma, name, representation"),
        ({"corpus__on_invald": "error"}, "corpus has no setting on_invald; did you mean on_invalid? it has "),
        ({"librosa__descriptors__0__n_mfc": 1}, "librosa.descriptors[0] has no setting n_mfc; did you mean n_mfcc? "),
        ({"balance__name": "smoot"}, "balance.name is 'smoot'; did you mean smote? it is one of smote, "),
        ({"model__name": "smv"}, "model.name is 'smv'; did you mean svm? it is one of "),
        ({"corpus__reader": "tes"}, "corpus.reader is 'tes'; did you mean tess? it is one of "),
        (
            {"augmentation__variants": {"nois": {}}},
            "augmentation.variants is 'nois'; did you mean noise? it is one of ",
        ),
        ({"partition__test_fraction": REMOVED}, "partition.test_fraction is missing; give it a value, as conf/ has"),
        ({"seed": "abc"}, "seed is 'abc'; wanted a whole number"),
        ({"seed": True}, "seed is True; wanted a whole number"),
        ({"partition__test_fraction": "lots"}, "partition.test_fraction is 'lots'; wanted a number"),
        ({"partition__name": 5}, "partition.name is 5; it is one of speaker_holdout, "),
        ({"balance__k_neighbors": "none"}, "balance.k_neighbors is 'none'; wanted a whole number"),
        ({"corpus__vocal_channels": "song"}, "corpus.vocal_channels is 'song'; wanted a list, as [song]"),
        ({"corpus__name": 5}, "corpus.name is 5; wanted text, as '\"5\"'"),
        ({"labels__actions__calm": None}, "labels.actions.calm is null; wanted text"),
        ({"model__gamma": []}, "model.gamma is []; wanted a number or text"),
        ({"evaluation__test": "maybe"}, "evaluation.test is 'maybe'; wanted true or false"),
        ({"projection__tsne__perplexity": None}, "projection.tsne.perplexity is null; wanted a number"),
        (
            {"augmentation__variants": {"noise": {"sigma": "loud"}}},
            "augmentation.variants.noise.sigma is 'loud'; wanted",
        ),
        ({"tables__format": "xml"}, "tables.format is 'xml'; wanted 'csv' or 'parquet'"),
        ({"labels": "big_six"}, "labels is 'big_six'; wanted names with values"),
        ({"training__max_epochs": 3}, "training is that of a network, and svm is none; choose training=scikit_learn"),
        (
            {"model__representation": "frames", "balance": {"name": "none"}},
            "model=svm takes a feature table, and frames is an array; choose -S ",
        ),
        ({"model__representation": "log_mel"}, "balance.name is 'smote', which needs a feature table, and log_mel is "),
        ({"features__name": "levls"}, "features.name is 'levls'; it is one of "),
        ({"seed": -1}, "seed is -1; wanted a number from 0 to 4294967295"),
        ({"partition__test_fraction": -1.0}, "partition.test_fraction is -1.0; wanted a number from 0 to 1"),
        ({"evaluation__n_resamples": 0}, "evaluation.n_resamples is 0; wanted at least 1"),
        ({"balance__k_neighbors": 0}, "balance.k_neighbors is 0; wanted at least 1"),
        (
            {"model__C": -1.0},
            "model: The 'C' parameter of SVC must be a float in the range (0.0, inf]. Got -1.0 instead.",
        ),
        ({"model__gamma": "scal"}, "model: The 'gamma' parameter of SVC must be a str among {"),
        ({"members": {"a": {"model": {}}}}, "members.a.balance is missing; "),
    ],
)
def test_what_does_not_fit_is_named_with_the_remedy(settings: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=r"params\.yaml does not fit:\n  ") as raised:
        checking.check(changed(**settings))
    assert str(raised.value).splitlines()[1].startswith(f"  {line}")


@pytest.mark.parametrize(("model", "representation"), [("dnn", "librosa"), ("conv_bilstm", "frames")])
def test_random_changes_of_spectrograms_need_spectrograms(tmp_path: Path, model: str, representation: str) -> None:
    params.compose([f"model={model}", "training=fine_tuning"], conf=CONF, path=tmp_path / "params.yaml")
    line = f"training.variation changes spectrograms, and {representation} has none; choose -S training.variation=null"
    assert line in table.findings(yaml.safe_load((tmp_path / "params.yaml").read_text()))


def test_all_findings_are_named_at_once() -> None:
    with pytest.raises(ValueError, match="does not fit") as raised:
        checking.check(changed(corpus__root=1, partition__dev_fraction=None, report__n_mistakes="six"))
    assert [line.split()[0] for line in str(raised.value).splitlines()[1:]] == [
        "corpus.root",
        "partition.dev_fraction",
        "report.n_mistakes",
    ]


def test_whole_numbers_are_numbers() -> None:
    checking.check(changed(model__C=1, log_mel__duration=3))


def test_a_file_of_conf_features_may_add_the_section_of_its_settings() -> None:
    own = changed()["log_mel"]
    features = {"name": "log_mel", "path": "data/mine", "settings": own}
    checking.check(changed(mine=own, features=features))
    with pytest.raises(ValueError, match="there is no section mine"):
        checking.check(changed(mine={"else": 1}, features=features))


def test_a_tracker_that_is_not_installed_is_refused_before_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    tracker = yaml.safe_load((CONF / "tracking/mlflow.yaml").read_text())
    with pytest.raises(extras.Missing, match=r"pip install -e '\.\[mlflow\]'"):
        checking.check(changed(tracking=tracker))


def test_only_success_is_kept_and_only_for_equal_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SER_CACHE_GB", "1")
    monkeypatch.setenv("SER_CACHE_DIR", str(tmp_path))
    found: list[str] = ["seed is odd"]
    monkeypatch.setattr(table, "findings", lambda _: found)
    for _ in range(2):
        with pytest.raises(ValueError, match="seed is odd"):
            checking.check(changed())
    found.clear()
    checking.check(changed())
    found.append("seed is odd")
    checking.check(changed())
    with pytest.raises(ValueError, match="seed is odd"):
        checking.check(changed(seed=1))
