"""Data and score of a search: no test utterance is used, and the score is that of the stages."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ser import study
from ser.core import files, tables
from ser.models.settings import Settings
from ser.protocol import balancing, partitions
from ser.representation.reading import Representation
from ser.tuning import objective
from ser.tuning.search import Unfit
from stages import evaluate, train
from tests.support import small_study
from tests.support.learning_tables import combined, feature_table, utterance_table, with_copies, without_speakers
from tests.support.small_study import FOUR, TWO_FOLDS, by_speaker, configuration

SIX = utterance_table(6, emotions=FOUR, n_repetitions=1)
ONE_FOLD = by_speaker({"05": "dev", "06": "test"}, utterances=SIX)
FOLDS = by_speaker({"01": "test", "02": "dev"}, {"02": "test", "03": "dev"}, utterances=SIX)
TESTED = "ravdess/06"
OTHERS = utterance_table(2, emotions=FOUR, n_repetitions=1, corpus="tess")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(utterances: pd.DataFrame = SIX) -> Representation:
    return Representation(feature_table(utterances))


def array(utterances: pd.DataFrame = SIX) -> Representation:
    keys = utterances[["utterance", "emotion"]].assign(variant=tables.ORIGINAL)
    return Representation(keys, small_study.spectrograms(utterances))


def data(
    partition: pd.DataFrame = ONE_FOLD,
    utterances: pd.DataFrame = SIX,
    features: Representation | None = None,
    *,
    fold: int | None = None,
    n_folds: int = 5,
) -> objective.Data:
    features = table(utterances) if features is None else features
    return objective.data(partition, utterances, features, fold=fold, n_folds=n_folds, seed=0)


def speakers(given: objective.Data, partition: str) -> dict[int, list[str]]:
    """Speakers in a partition of each fold."""
    rows = given.folds[given.folds["partition"] == partition]
    speaker = rows["utterance"].map(SIX.set_index("utterance")["speaker"])
    return {int(fold): sorted(names.unique()) for fold, names in speaker.groupby(rows["fold"])}


# data of a search


def test_within_one_fold_every_speaker_who_is_not_tested_develops_once_and_else_trains() -> None:
    given = data()
    dev, training = speakers(given, "dev"), speakers(given, "train")
    others = [f"ravdess/0{k}" for k in range(1, 6)]
    assert sorted(name for names in dev.values() for name in names) == others
    assert all(sorted([*training[fold], *dev[fold]]) == others for fold in dev)
    assert given.fold == 0
    assert set(given.folds["partition"]) == {"train", "dev"}
    assert len(given.folds) == 5 * len(given.utterances) == 5 * 5 * 14


@pytest.mark.parametrize(("n_folds", "n_speakers"), [(3, [1, 2, 2]), (5, [1] * 5), (9, [1] * 5)])
def test_there_are_as_many_folds_as_wanted_or_one_a_speaker(n_folds: int, n_speakers: list[int]) -> None:
    assert sorted(map(len, speakers(data(n_folds=n_folds), "dev").values())) == n_speakers


def test_folds_of_speakers_have_both_sexes_where_they_can() -> None:
    utterances = utterance_table(12)
    folds = objective.speaker_folds(utterances, n_folds=3, seed=0)
    sex = folds["utterance"].map(utterances.set_index("utterance")["sex"])
    assert (sex.groupby([folds["fold"], folds["partition"]]).nunique() == 2).all()


@pytest.mark.parametrize("others", [OTHERS, without_speakers(OTHERS)], ids=["known", "unknown"])
def test_speakers_of_a_corpus_that_only_trains_never_develop(others: pd.DataFrame) -> None:
    both = combined(SIX, others)
    settings = {"name": "speaker_holdout", "test_fraction": 1 / 3, "dev_fraction": 1 / 6, "test_corpora": ["ravdess"]}
    given = data(partitions.partition_table(both, **settings, seed=0), both)
    dev = given.folds[given.folds["partition"] == "dev"].merge(both, on="utterance")
    assert dev["corpus"].unique().tolist() == ["ravdess"]
    assert sorted(dev.groupby("speaker")["fold"].nunique()) == [1] * 4
    training = given.folds[given.folds["partition"] == "train"].groupby("fold")["utterance"].agg(set)
    assert all(set(others["utterance"]) <= rows for rows in training)
    config = configuration("svm") | {"corpus": {"name": "combined"}}
    assert "4 folds of the 4 speakers that fold 0 does not test" in objective.description(given, config)


def test_of_several_folds_each_is_the_studys_own_without_its_test_speakers() -> None:
    given = data(FOLDS)
    assert given.fold is None
    assert speakers(given, "dev") == {0: ["ravdess/02"], 1: ["ravdess/03"]}
    assert speakers(given, "train") == {
        0: [f"ravdess/0{k}" for k in (3, 4, 5, 6)],
        1: [f"ravdess/0{k}" for k in (1, 4, 5, 6)],
    }


def test_within_one_of_several_folds_its_test_speakers_are_nowhere() -> None:
    given = data(FOLDS, fold=1)
    assert given.fold == 1
    assert set(given.utterances["speaker"]) == {f"ravdess/0{k}" for k in (1, 3, 4, 5, 6)}
    assert set(given.folds["utterance"]) == set(given.utterances["utterance"])
    assert given.folds["fold"].nunique() == 5


def test_equal_audio_of_two_speakers_is_on_one_side() -> None:
    own = SIX[SIX["speaker"] != TESTED]["utterance"]
    first, copy = own.iloc[0], own.iloc[-1]
    utterances = with_copies(SIX, {copy: first})
    sides = data(utterances=utterances).folds.query("utterance in [@first, @copy]").groupby("fold")["partition"]
    assert (sides.nunique() == 1).all()


@pytest.mark.parametrize("make", [table, array])
def test_test_utterances_have_no_name_by_which_to_be_read(make: Any) -> None:
    given = data(features=make())
    tested = SIX.loc[SIX["speaker"] == TESTED, ["utterance"]].assign(variant=tables.ORIGINAL)
    assert not set(given.features.rows["utterance"]) & set(tested["utterance"])
    with pytest.raises(ValueError, match="the features lack 14 of 14 rows"):
        given.features.positions(tested)
    own = given.utterances[["utterance"]].assign(variant=tables.ORIGINAL)
    found, expected = given.features.positions(own), make().positions(own)
    values = [one.rows.filter(like="feature_") if one.array is None else one.array for one in (given.features, make())]
    for one, where in zip(values, (found, expected), strict=True):
        assert np.asarray(one)[where].shape[0] == len(own)
    np.testing.assert_array_equal(np.asarray(values[0])[found], np.asarray(values[1])[expected])


def spoilt(features: Representation, utterances: pd.DataFrame, who: str) -> tuple[Representation, pd.DataFrame]:
    """Features, emotions and sexes of a speaker, all wrong."""
    theirs = utterances["utterance"][utterances["speaker"] == who]
    rows, array = features.rows.copy(), features.array
    own = rows["utterance"].isin(theirs)
    columns = tables.feature_columns(rows)
    rows.loc[own, columns] = np.float32(1e9)
    rows.loc[own, "emotion"] = "sad"
    if array is not None:
        array = array.copy()
        array[own.to_numpy()] = np.nan
    wrong = utterances.assign(emotion=utterances["emotion"].where(utterances["speaker"] != who, "sad"))
    return Representation(rows, array), wrong


@pytest.mark.parametrize("make", [table, array])
@pytest.mark.parametrize(
    ("partition", "fold"),
    [
        (ONE_FOLD, None),
        (by_speaker({"06": "test", "02": "dev"}, {"06": "test", "03": "dev"}, utterances=SIX), None),
        (by_speaker({"01": "test", "02": "dev"}, {"06": "test", "03": "dev"}, utterances=SIX), 1),
    ],
    ids=["one fold", "all folds", "one of several"],
)
def test_what_is_tested_changes_nothing(partition: pd.DataFrame, fold: int | None, make: Any) -> None:
    """Neither values nor labels, neither the score nor the name under which trials are kept; dev and training do."""
    config = configuration("svm")
    before = data(partition, features=make(), fold=fold)
    features, utterances = spoilt(make(), SIX, TESTED)
    after = data(partition, utterances, features, fold=fold)
    name = objective.key(before, config, {}, seed=0)
    assert objective.key(after, config, {}, seed=0) == name
    pd.testing.assert_frame_equal(after.folds, before.folds)
    features, utterances = spoilt(make(), SIX, "ravdess/02")
    seen = data(partition, utterances, features, fold=fold)
    assert objective.key(seen, config, {}, seed=0) != name
    if features.array is None:
        score = objective.dev_uar(before, config)
        assert objective.dev_uar(after, config) == score
        assert objective.dev_uar(seen, config) != score


def test_what_is_tested_need_not_even_be_there() -> None:
    rest = SIX[SIX["speaker"] != TESTED]
    without = data(ONE_FOLD[ONE_FOLD["partition"] != "test"], rest, Representation(table().rows.iloc[: len(rest)]))
    config = configuration("svm")
    assert objective.key(without, config, {}, seed=0) == objective.key(data(), config, {}, seed=0)
    assert objective.dev_uar(without, config) == objective.dev_uar(data(), config)


# Errors


def test_a_fold_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no fold 2; wanted one of the study: 0, 1"):
        data(FOLDS, fold=2)


def test_unknown_speakers_are_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"70 of 70 utterances have no speaker.*speakers.csv"):
        data(utterances=without_speakers(SIX))


def test_too_few_speakers_are_refused_with_the_remedy() -> None:
    few = by_speaker(dict.fromkeys(("01", "02", "03", "04"), "test") | {"05": "dev"}, utterances=SIX)
    with pytest.raises(ValueError, match=r"train and dev have 2 speakers, and a search needs 3.*test_fraction"):
        data(few)


def test_two_folds_are_too_few() -> None:
    with pytest.raises(ValueError, match="found 2 folds; a search needs 3 or more"):
        data(n_folds=2)


# what is scored


@pytest.mark.parametrize(
    "name", ["svm", pytest.param("dnn", marks=pytest.mark.slow), pytest.param("cnn", marks=pytest.mark.slow)]
)
def test_a_study_of_several_folds_scores_the_dev_uar_of_its_metrics(
    name: str, small_studies: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Balanced, trained and predicted by the stages; synthetic rows and a refit included; one in its own processes."""
    if name == "cnn":
        in_this_process(monkeypatch)
    config, top = configuration(name), small_studies(name)
    given = objective.data(
        tables.read_partitions(top / train.PARTITIONS),
        tables.read_utterances(top / train.UTTERANCES),
        small_study.input_of(config, top),
        fold=None,
        n_folds=5,
        seed=0,
    )
    expected = files.read_json(top / evaluate.METRICS)["dev.uar"]
    assert 0.3 < expected < 1
    assert objective.dev_uar(given, config) == expected
    assert not list(Path("checkpoints").glob("*"))


@pytest.mark.parametrize("name", ["logistic_regression", "random_forest", pytest.param("mlp", marks=pytest.mark.slow)])
def test_so_it_does_for_every_classifier(name: str) -> None:
    settings: dict[str, dict[str, Any]] = {
        "logistic_regression": {"C": 0.1},
        "random_forest": {"n_estimators": 10, "min_samples_leaf": 2},
        "mlp": {"hidden_layer_sizes": [8], "alpha": 1.0, "max_iter": 2000},
    }
    config = configuration("svm") | {"model": {"name": name, "representation": "librosa", **settings[name]}}
    small_study.write_tables(config)
    small_study.run_stages()
    given = data(TWO_FOLDS, small_study.UTTERANCES)
    assert objective.dev_uar(given, config) == files.read_json(evaluate.METRICS)["dev.uar"]


def test_within_one_fold_the_score_is_that_of_a_study_in_folds_of_its_speakers() -> None:
    """The study has the speakers that are not tested; its test partitions are the dev partitions of the search."""
    given = data(n_folds=5)
    config = configuration("svm")
    rest = SIX[SIX["speaker"] != TESTED].reset_index(drop=True)
    own = partitions.partition_table(rest, name="speaker_folds", n_folds=5, seed=0)
    own["partition"] = own["partition"].map({"train": "train", "dev": "train", "test": "dev"})
    features = table().rows
    rows = balancing.balanced_folds(features, own, balance=config["balance"], seed=config["seed"])
    of_folds = study.Study(rest, own, Representation(features), rows, Settings.of(config))
    study.write_models(of_folds, Path("models"), curves=Path("curves"), run="models")
    model_of = partial(study.saved_model, Path("models"))
    found = study.predictions_of_rows(own[own["partition"] == "dev"], rest, Representation(features), model_of)
    recall = (found["truth"] == found["prediction"]).groupby(found["truth"]).mean()
    assert objective.dev_uar(given, config) == pytest.approx(recall.mean(), abs=1e-6)
    assert 0.3 < recall.mean() < 1


@pytest.mark.slow
def test_the_score_does_not_depend_on_how_many_cores_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    config = configuration("svm")
    score = objective.dev_uar(data(), config)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    assert objective.dev_uar(data(), config) == score


@pytest.mark.parametrize(
    ("section", "settings", "complaint"),
    [
        ("balance", {"name": "smote", "k_neighbors": 50}, "smote needs more than balance.k_neighbors=50"),
        ("training", small_study.EPOCHS, "model=svm cannot be trained by the settings"),
        (
            "model",
            {"name": "svm", "representation": "librosa", "C": -1.0, "gamma": "scale"},
            "parameter of .* Got -1.0",
        ),
    ],
)
def test_settings_that_do_not_fit_are_unfit_and_say_why(section: str, settings: Any, complaint: str) -> None:
    with pytest.raises(Unfit, match=complaint):
        objective.dev_uar(data(), configuration("svm") | {section: settings})


def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train and score networks here: each process of their own imports libraries for seconds."""
    small_study.train_in_this_process(monkeypatch)
    monkeypatch.setattr(
        objective.processes, "in_own_process", lambda function, *given, **more: function(*given, **more)
    )


@pytest.mark.slow
def test_a_network_is_judged_by_dev_before_it_learns_from_dev(monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_process(monkeypatch)
    config = configuration("cnn")
    undecided = config["training"] | {"select": "last", "learning_rate": 0.01}
    scores = [
        objective.dev_uar(data(FOLDS, features=array()), config | {"training": undecided | {"refit": refit}})
        for refit in (True, False)
    ]
    assert scores[0] == scores[1]


def test_an_array_does_not_fit_a_classifier() -> None:
    config = configuration("svm") | {"balance": {"name": "none"}}
    with pytest.raises(Unfit, match="model=svm takes a feature table"):
        objective.dev_uar(data(features=array()), config)


def test_tables_that_do_not_fit_each_other_are_no_fault_of_the_settings() -> None:
    given = data()
    lacking = given.features.rows[~given.features.rows["utterance"].str.contains("Actor_03")]
    broken = objective.Data(given.fold, given.folds, given.utterances, Representation(lacking))
    with pytest.raises(ValueError, match="the features lack") as raised:
        objective.dev_uar(broken, configuration("svm"))
    assert not isinstance(raised.value, Unfit)


# the name of a search


def test_a_search_is_named_for_all_that_its_trials_depend_on() -> None:
    config, space = configuration("svm"), {"model.C": {"low": 1, "high": 2}}
    name = objective.key(data(), config, space, seed=0)
    assert objective.key(data(), configuration("svm"), dict(space), seed=0) == name
    assert name.startswith("svm-")
    others = [
        objective.key(data(), config | {"model": config["model"] | {"C": 2.0}}, space, seed=0),
        objective.key(data(), config | {"balance": {"name": "none"}}, space, seed=0),
        objective.key(data(), config | {"training": config["training"] | {"refit": False}}, space, seed=0),
        objective.key(data(), config | {"seed": 1}, space, seed=0),
        objective.key(data(), config, {"model.C": {"low": 1, "high": 3}}, seed=0),
        objective.key(data(), config, space, seed=1),
        objective.key(data(n_folds=4), config, space, seed=0),
        objective.key(data(FOLDS), config, space, seed=0),
        objective.key(data(FOLDS, fold=0), config, space, seed=0),
    ]
    assert len({name, *others}) == 1 + len(others)


def test_what_no_trial_depends_on_leaves_the_name() -> None:
    config = configuration("svm")
    other = config | {"evaluation": {"test": False, "n_resamples": 9, "n_bins": 3}, "partition": {"name": "other"}}
    assert objective.key(data(), config, {}, seed=0) == objective.key(data(), other, {}, seed=0)


def test_the_description_says_on_whom() -> None:
    config = configuration("svm") | {"corpus": {"name": "ravdess"}}
    start = "corpus ravdess, partition speaker_folds, svm on small_librosa: dev of "
    assert objective.description(data(FOLDS), config) == start + "the study's 2 folds"
    within = start + "5 folds of the 5 speakers that fold 0 does not test"
    assert objective.description(data(), config) == within
