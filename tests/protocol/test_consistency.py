"""Tables that have lost rows, or are of different runs, are refused."""

from collections.abc import Callable

import pandas as pd
import pytest

from ser.protocol import balancing, consistency, partitions
from tests.support.learning_tables import combined, feature_table, utterance_table, with_copies

UTTERANCES = utterance_table(6)
PARTITIONED = partitions.partition_table(UTTERANCES, name="speaker_folds", n_folds=3, seed=0)
FEATURES = feature_table(UTTERANCES)
BALANCED = balancing.balanced_folds(FEATURES, PARTITIONED, balance={"name": "random_oversampler"}, seed=0)
SCORED = PARTITIONED[PARTITIONED["partition"] != "train"]
DEV, TEST = (PARTITIONED.index[PARTITIONED["partition"] == name] for name in ("dev", "test"))
REMEDY = "make all anew with: dvc repro -f"
Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.mark.parametrize("name", ["speaker_holdout", "speaker_folds", "leave_one_speaker_out", "random"])
def test_tables_of_every_protocol_belong_together(name: str) -> None:
    shares = {"test_fraction": 0.3, "dev_fraction": 0.2}
    settings = {"speaker_folds": {"n_folds": 3}, "leave_one_speaker_out": {}}.get(name, shares)
    utterances = with_copies(UTTERANCES, {UTTERANCES["utterance"].iloc[-1]: UTTERANCES["utterance"][0]})
    table = partitions.partition_table(utterances, name=name, seed=0, **settings)
    consistency.check(utterances, table, feature_table(utterances))


def test_what_the_protocol_across_corpora_leaves_out_is_not_missed() -> None:
    others = (utterance_table(3, corpus=name, emotions=("sad", "angry", "boredom")) for name in ("emodb", "savee"))
    utterances = combined(UTTERANCES, *others)
    corpora = {"train_corpora": ["ravdess"], "test_corpora": ["emodb"]}
    table = partitions.partition_table(utterances, name="cross_corpus", dev_fraction=0.3, seed=0, **corpora)
    assert set(table["utterance"]) < set(utterances["utterance"])
    consistency.check(utterances, table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.iloc[:0], "found no fold, wanted at least one"),
        (lambda table: table[table["fold"] != 1], "found the folds 0, 2, wanted 0 to 1"),
        (lambda table: table.drop(index=TEST[len(UTTERANCES) > TEST]), "fold 0 has no row of test, wanted rows of"),
        (lambda table: table.drop(index=TEST[:2]), "found 2 utterances without a row in fold 0, the first is"),
        (lambda table: table.iloc[:-1], "found 1 utterance without a row in fold 2, the first is"),
        (lambda table: table.replace({"utterance": {table["utterance"][0]: "x"}}), "found 1 utterance that data/utter"),
    ],
)
def test_a_table_of_partitions_that_lost_rows_is_refused(change: Change, message: str) -> None:
    with pytest.raises(ValueError, match=rf"data/partitions\.csv: {message}.*; {REMEDY}"):
        consistency.check(UTTERANCES, change(PARTITIONED))


def test_a_table_of_utterances_that_lost_rows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"found 1 utterance that data/utterances\.csv lacks"):
        consistency.check(UTTERANCES.iloc[1:], PARTITIONED)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (FEATURES.iloc[3:], "found 3 utterances without a row"),
        (FEATURES.replace({"utterance": {FEATURES["utterance"][0]: "x"}}), "found 1 utterance without a row"),
        (
            pd.concat([FEATURES, FEATURES[:1].assign(utterance="x")]),
            r"found 1 utterance that data/utterances\.csv lacks",
        ),
        (
            FEATURES.assign(emotion=FEATURES["emotion"].where(FEATURES.index > 0, "boredom")),
            "found 1 utterance with another",
        ),
    ],
)
def test_features_of_other_utterances_are_refused(features: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=rf"the features: {message}"):
        consistency.check(UTTERANCES, PARTITIONED, features)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.iloc[:0], "of train without a row"),
        (lambda rows: rows[rows["fold"] != 2], "of train without a row"),
        (lambda rows: rows.iloc[1:], "found 1 utterance of train without a row"),
        (lambda rows: pd.concat([rows, rows[:1].assign(fold=1)]), "found 1 utterance outside the training partition"),
    ],
)
def test_a_balanced_table_with_other_rows_than_train_is_refused(change: Change, message: str) -> None:
    consistency.check_balanced(BALANCED, PARTITIONED)
    with pytest.raises(ValueError, match=rf"data/balanced_dataset: .*{message}"):
        consistency.check_balanced(change(BALANCED), PARTITIONED)


def test_every_utterance_of_the_wanted_partitions_must_be_predicted() -> None:
    consistency.check_predictions(SCORED, PARTITIONED, wanted=["dev", "test"])
    consistency.check_predictions(SCORED[SCORED["partition"] == "dev"], PARTITIONED, wanted=["dev"])
    with pytest.raises(ValueError, match=r"found 1 utterance of dev and test without a prediction"):
        consistency.check_predictions(SCORED.drop(index=TEST[0]), PARTITIONED, wanted=["dev", "test"])
    with pytest.raises(ValueError, match=r"found no row of dev and test"):
        consistency.check_predictions(SCORED[:0], PARTITIONED, wanted=[])
