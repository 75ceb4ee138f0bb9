"""Scores of groups, worked by hand and by scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, classification_report, recall_score

from ser.evaluation import breakdowns, metrics
from tests.support.learning_tables import prediction_table, utterance_table

N, S = "neutral", "sad"


def predictions(*rows: tuple[str | None, str | None, str, str]) -> pd.DataFrame:
    """Table of predictions from rows of speaker, sex, truth, prediction."""
    table = pd.DataFrame(rows, columns=["speaker", "sex", "truth", "prediction"])
    return table.assign(p_neutral=0.5, p_sad=0.5, fold=0, partition="test", corpus="c", utterance=range(len(table)))


def scored(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return breakdowns.scores_by(table, column, n_resamples=50, seed=0).set_index(column)


def test_groups_by_hand() -> None:
    """Female: neutral 1 of 2 correct, sad 2 of 2. Male: only sad, 1 of 3."""
    table = predictions(
        *(("a", "female", N, N), ("a", "female", N, S), ("b", "female", S, S), ("b", "female", S, S)),
        *(("c", "male", S, S), ("c", "male", S, N), ("c", "male", S, N)),
    )
    found = scored(table, "sex")
    assert list(found.index) == ["female", "male"]
    assert found.loc["female", ["n_utterances", "n_speakers", "n_emotions"]].tolist() == [4, 2, 2]
    assert found.loc["male", ["n_utterances", "n_speakers", "n_emotions"]].tolist() == [3, 1, 1]
    assert found["uar"].tolist() == pytest.approx([0.75, 1 / 3], abs=1e-6)
    assert found["accuracy"].tolist() == pytest.approx([0.75, 1 / 3], abs=1e-6)
    assert found[["uar_low", "uar_high"]].isna().all(axis=None)  # below 6 speakers


def test_unknown_values_are_the_last_group() -> None:
    table = predictions(("a", None, N, N), ("b", "male", S, S), (None, None, S, N))
    assert list(scored(table, "sex").index) == ["male", "unknown"]
    assert scored(table, "sex").loc["unknown", "uar"] == 0.5
    assert list(scored(table, "speaker").index) == ["a", "b", "unknown"]
    assert scored(table, "speaker").loc["unknown", "n_speakers"] == 0


def test_no_row_is_lost_and_none_counts_twice() -> None:
    table = prediction_table(utterance_table(8, sexes=("male", "female", None)))
    for column in ("speaker", "sex", "intensity", "corpus"):
        assert scored(table, column)["n_utterances"].sum() == len(table)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("column", ["sex", "intensity", "speaker"])
def test_the_uar_of_a_group_equals_balanced_accuracy_of_scikit_learn(column: str, seed: int) -> None:
    table = prediction_table(utterance_table(4), seed=seed)
    found = scored(table, column)
    for name, rows in table.groupby(column):
        truth, prediction = rows["truth"], rows["prediction"]
        own = recall_score(truth, prediction, labels=truth.unique(), average="macro", zero_division=0)
        assert found.loc[name, "uar"] == pytest.approx(own, abs=1e-6)
        if set(prediction) <= set(truth):  # else scikit-learn warns
            assert own == pytest.approx(balanced_accuracy_score(truth, prediction))


def test_groups_of_enough_speakers_have_the_interval_of_their_own_rows() -> None:
    table = prediction_table(utterance_table(12))
    found = scored(table, "sex")
    for sex, rows in table.groupby("sex"):
        assert tuple(found.loc[sex, ["uar_low", "uar_high"]]) == metrics.uar_interval(rows, n_resamples=50, seed=0)
    assert breakdowns.scores_by(table, "sex", n_resamples=0, seed=0)["uar_low"].isna().all()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_scores_of_classes_equal_scikit_learn(seed: int) -> None:
    table = prediction_table(utterance_table(4), seed=seed)
    report = classification_report(table["truth"], table["prediction"], output_dict=True)
    for row in breakdowns.scores_of_classes(table).to_dict("records"):
        theirs = report[row["emotion"]]
        assert [row["precision"], row["recall"], row["f1"]] == pytest.approx(
            [theirs["precision"], theirs["recall"], theirs["f1-score"]]
        )
        assert row["n_annotated"] == theirs["support"]
        assert row["n_predicted"] == (table["prediction"] == row["emotion"]).sum()


def test_a_class_that_is_never_annotated_has_no_recall_and_one_never_predicted_no_precision() -> None:
    found = breakdowns.scores_of_classes(predictions(("a", None, N, S), ("a", None, N, S))).set_index("emotion")
    assert np.isnan(found.loc[N, "precision"])
    assert found.loc[N, "recall"] == found.loc[S, "precision"] == 0
    assert np.isnan(found.loc[S, "recall"])


def test_the_largest_confusions_by_hand() -> None:
    """1 of 4 neutral is predicted as sad (25 %), 1 of 2 sad as neutral (50 %)."""
    rows = [("a", None, N, N)] * 3 + [("a", None, N, S), ("a", None, S, N), ("a", None, S, S)]
    found = breakdowns.largest_confusions(predictions(*rows), n=5)
    assert found.to_dict("list") == {"truth": [S, N], "prediction": [N, S], "count": [1, 1], "share": [0.5, 0.25]}
    assert breakdowns.largest_confusions(predictions(("a", None, N, N)), n=5).empty


def test_confusions_that_tie_with_the_last_are_all_given() -> None:
    """1 of 2 neutral is predicted as sad, and 1 of 2 sad as neutral."""
    rows = [("a", None, N, N), ("a", None, N, S), ("a", None, S, N), ("a", None, S, S)]
    found = breakdowns.largest_confusions(predictions(*rows), n=1)
    assert found[["truth", "prediction", "share"]].to_numpy().tolist() == [[N, S, 0.5], [S, N, 0.5]]
