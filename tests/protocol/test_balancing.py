"""Balanced training rows: equal counts, originals untouched, nothing from another partition."""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.preprocessing import StandardScaler

from ser.core import tables
from ser.protocol import balancing, partitions, references
from tests.support.learning_tables import combined, feature_table, utterance_table

SMOTE_SETTINGS = {"name": "smote", "k_neighbors": 5}
BY_CORPUS = {"name": "by_corpus"}
BALANCE = [SMOTE_SETTINGS, {"name": "random_oversampler"}, BY_CORPUS]
UTTERANCES = utterance_table(4, emotions=("neutral", "happy", "sad", "angry"))
FEATURES = feature_table(UTTERANCES)
COLUMNS = tables.feature_columns(FEATURES)


def scaled(rows: pd.DataFrame) -> np.ndarray:
    """Features of `rows`, standardised by mean and deviation of the original rows."""
    return StandardScaler().fit(rows.loc[~rows["synthetic"], COLUMNS].to_numpy()).transform(rows[COLUMNS].to_numpy())


@pytest.mark.parametrize("balance", BALANCE, ids=lambda balance: balance["name"])
def test_every_emotion_becomes_as_frequent_as_the_most_frequent(balance: dict) -> None:
    rows = balancing.balanced(FEATURES, **balance, seed=0)
    assert rows["emotion"].value_counts().to_dict() == dict.fromkeys(("neutral", "happy", "sad", "angry"), 32)


@pytest.mark.parametrize("balance", [*BALANCE, {"name": "none"}], ids=lambda balance: balance["name"])
def test_original_rows_come_first_and_unchanged(balance: dict) -> None:
    rows = balancing.balanced(FEATURES, **balance, seed=0)
    n_original = len(FEATURES)
    pd.testing.assert_frame_equal(rows.iloc[:n_original].drop(columns="synthetic"), FEATURES)
    assert rows["synthetic"].tolist() == [False] * n_original + [True] * (len(rows) - n_original)
    tables.BALANCED.validate(rows.assign(fold=0))


@pytest.mark.parametrize("columns", [[*tables.INDEX.columns], [*FEATURES]], ids=["array", "table"])
def test_every_corpus_gets_the_same_number_of_rows_and_every_row_of_it_the_same_weight(columns: list[str]) -> None:
    few = utterance_table(2, corpus="emodb", emotions=("happy", "sad"), n_repetitions=2)
    few = few[few["intensity"] == "normal"]
    features = feature_table(combined(UTTERANCES, few))[columns]
    rows = balancing.balanced(features, **BY_CORPUS, seed=0)
    corpus = rows["utterance"].str.partition("/")[0]
    n_rows = rows.groupby([corpus, "emotion"]).size()
    assert n_rows.groupby(level=0).sum().to_dict() == {"emodb": 128, "ravdess": 128}  # RAVDESS: four times 32
    assert (n_rows.groupby(level=0).nunique() == 1).all()
    times = rows.groupby([corpus, "emotion", "utterance"]).size().groupby(level=[0, 1])
    assert (times.max() - times.min()).max() <= 1
    assert rows["synthetic"].tolist() == [False] * len(features) + [True] * (len(rows) - len(features))


def test_none_adds_nothing() -> None:
    assert len(balancing.balanced(FEATURES, name="none", seed=0)) == len(FEATURES)


@pytest.mark.parametrize("balance", BALANCE, ids=lambda balance: balance["name"])
def test_only_training_utterances_appear(balance: dict) -> None:
    table = partitions.partition_table(UTTERANCES, name="leave_one_speaker_out", seed=0)
    for fold in range(4):
        training = table[(table["fold"] == fold) & (table["partition"] == "train")]
        rows = balancing.rows_of(FEATURES, table, fold=fold, partition="train")
        balanced = balancing.balanced(rows, **balance, seed=0)
        assert balanced["synthetic"].any()
        assert set(balanced["utterance"]) == set(training["utterance"])


def test_rows_of_a_partition_keep_the_order_of_the_features() -> None:
    table = partitions.partition_table(UTTERANCES, name="leave_one_speaker_out", seed=0)
    shuffled = FEATURES.sample(frac=1, random_state=0)
    rows = balancing.rows_of(shuffled, table, fold=1, partition="dev")
    of_dev = UTTERANCES.loc[UTTERANCES["speaker"] == "ravdess/03", "utterance"]
    assert rows["utterance"].tolist() == [name for name in shuffled["utterance"] if name in set(of_dev)]
    assert rows.index.tolist() == list(range(len(of_dev)))


def test_each_smote_row_lies_between_two_rows_of_its_emotion() -> None:
    rows = balancing.balanced(FEATURES, **SMOTE_SETTINGS, seed=0)
    values = scaled(rows)
    for k in np.flatnonzero(rows["synthetic"]):
        own = values[(~rows["synthetic"] & (rows["emotion"] == rows["emotion"][k])).to_numpy()]
        to_point, to_end = values[k] - own, own[None] - own[:, None]
        share = np.einsum("id,ijd->ij", to_point, to_end) / np.maximum((to_end**2).sum(axis=-1), 1e-12)
        distance = np.linalg.norm(to_point[:, None] - np.clip(share, 0, 1)[..., None] * to_end, axis=-1)
        assert distance.min() < 1e-4


def test_smote_rows_have_the_utterance_of_the_nearest_row_of_their_emotion() -> None:
    rows = balancing.balanced(FEATURES, **SMOTE_SETTINGS, seed=0)
    assert (rows.loc[rows["synthetic"], "variant"] == "smote").all()
    values, original = scaled(rows), rows[~rows["synthetic"]]
    for k in np.flatnonzero(rows["synthetic"]):
        own = original.index[original["emotion"] == rows["emotion"][k]]
        nearest = own[np.linalg.norm(values[own] - values[k], axis=1).argmin()]
        assert rows["utterance"][k] == rows["utterance"][nearest]


def test_smote_equals_imblearns_on_standardised_values() -> None:
    rows = balancing.balanced(FEATURES, **SMOTE_SETTINGS, seed=3)
    values = scaled(FEATURES.assign(synthetic=False))
    expected, emotion = SMOTE(k_neighbors=5, random_state=3).fit_resample(values, FEATURES["emotion"].to_numpy(str))
    assert rows["emotion"].tolist() == emotion.tolist()
    np.testing.assert_allclose(scaled(rows), expected, atol=1e-5)


def test_smote_does_not_depend_on_the_unit_of_a_feature() -> None:
    other_unit = FEATURES.assign(feature_0=FEATURES["feature_0"] * np.float32(1000))
    first, second = (balancing.balanced(rows, **SMOTE_SETTINGS, seed=0) for rows in (FEATURES, other_unit))
    assert first["utterance"].tolist() == second["utterance"].tolist()
    np.testing.assert_allclose(scaled(first), scaled(second), atol=1e-5)


def test_the_oversampler_repeats_whole_rows() -> None:
    rows = balancing.balanced(FEATURES, name="random_oversampler", seed=0)
    extra = rows[rows["synthetic"]]
    found = extra.merge(FEATURES, on=list(FEATURES.columns), how="inner")
    assert len(extra) == len(found) == 16
    assert set(extra["emotion"]) == {"neutral"}


def test_the_oversampler_balances_arrays_by_their_keys_alone() -> None:
    keys = FEATURES[["utterance", "variant", "emotion"]]
    rows = balancing.balanced(keys, name="random_oversampler", seed=0)
    assert (rows["emotion"].value_counts() == 32).all()
    assert rows.columns.tolist() == [*keys.columns, "synthetic"]


@pytest.mark.parametrize("balance", BALANCE, ids=lambda balance: balance["name"])
def test_the_seed_alone_decides(balance: dict) -> None:
    first, again, other = (balancing.balanced(FEATURES, **balance, seed=seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_the_error_of_smote_states_the_emotion_its_count_and_the_remedy() -> None:
    neutral = FEATURES.index[FEATURES["emotion"] == "neutral"]
    with pytest.raises(
        ValueError, match=r"k_neighbors=5 .*but neutral has 5; lower balance\.k_neighbors below 5, or choose balance="
    ):
        balancing.balanced(FEATURES.drop(neutral[5:]), **SMOTE_SETTINGS, seed=0)


def test_smote_needs_one_row_more_than_neighbours() -> None:
    neutral = FEATURES.index[FEATURES["emotion"] == "neutral"]
    rows = balancing.balanced(FEATURES.drop(neutral[6:]), **SMOTE_SETTINGS, seed=0)
    assert (rows["emotion"].value_counts() == 32).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("balance", [*BALANCE, {"name": "none"}], ids=lambda balance: balance["name"])
def test_features_that_are_not_finite_are_refused_with_their_utterance(balance: dict, value: float) -> None:
    rows = FEATURES.copy()
    rows.loc[[7, 9], "feature_2"] = value
    with pytest.raises(ValueError, match=rf"2 rows have NaN or infinite .* {rows['utterance'][7]}; extract"):
        balancing.balanced(rows, **balance, seed=0)


def test_smote_refuses_arrays_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"smote needs a feature table, not arrays; choose balance=random_oversampler"):
        balancing.balanced(FEATURES[["utterance", "variant", "emotion"]], **SMOTE_SETTINGS, seed=0)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(ValueError, match=r"unknown balance 'smoat'; choose one of smote, .*, by_corpus, none"):
        balancing.balanced(FEATURES, name="smoat", seed=0)


def test_a_mistyped_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="k_neighbours"):
        balancing.balanced(FEATURES, name="smote", k_neighbours=5, seed=0)


@pytest.mark.parametrize("balance", [*BALANCE, {"name": "none"}], ids=lambda balance: balance["name"])
def test_references_are_filled_with_their_features(balance: dict) -> None:
    rows = balancing.balanced(FEATURES, **balance, seed=0)
    copies = balance == BY_CORPUS
    referring = references.referenced(rows, copies=copies)
    made = rows["synthetic"] & (not copies)
    assert referring.loc[~made, COLUMNS].isna().all(axis=None)
    assert referring.loc[made, COLUMNS].notna().all(axis=None)
    shuffled = FEATURES.sample(frac=1, random_state=0)
    found = references.dereferenced(referring, shuffled)
    pd.testing.assert_frame_equal(found[rows.columns], rows)


def test_rows_with_their_features_stay_as_they_are() -> None:
    rows = balancing.balanced(FEATURES, **SMOTE_SETTINGS, seed=0)
    pd.testing.assert_frame_equal(references.dereferenced(rows, FEATURES)[rows.columns], rows)


def test_references_of_a_later_fold_find_their_features() -> None:
    referring = references.referenced(balancing.balanced(FEATURES, name="none", seed=0))
    later = referring.set_index(referring.index + 1000)
    found = references.dereferenced(later, FEATURES)
    assert found.index.tolist() == later.index.tolist()
    np.testing.assert_array_equal(found[COLUMNS].to_numpy(), FEATURES[COLUMNS].to_numpy())


def test_a_feature_table_without_a_row_is_refused() -> None:
    rows = references.referenced(balancing.balanced(FEATURES, name="none", seed=0))
    with pytest.raises(ValueError, match="balanced rows are missing in the feature table; make both again"):
        references.dereferenced(rows, FEATURES.iloc[1:])


@pytest.mark.parametrize("name", ["none", "random_oversampler"])
def test_a_feature_table_of_another_representation_is_refused(name: str) -> None:
    rows = balancing.balanced(FEATURES, name=name, seed=0)
    other = FEATURES.rename(columns={"feature_0": "MFCC_1"})
    with pytest.raises(ValueError, match="1 features that the feature table lacks, the first is feature_0; make both"):
        references.dereferenced(rows, other)


def test_one_emotion_cannot_be_balanced():
    rows = pd.DataFrame({"utterance": ["a", "b"], "variant": "original", "emotion": "calm", "x": np.float32([1, 2])})
    with pytest.raises(ValueError, match=r"one emotion, calm, .* needs two; add recordings of another, or keep more"):
        balancing.balanced(rows, name="smote", k_neighbors=1, seed=0)


@pytest.mark.parametrize("settings", [{"name": "smote", "k_neighbors": 1}, {"name": "random_oversampler"}])
def test_rows_that_are_balanced_already_stay_as_they_are(settings):
    rows = pd.DataFrame({"utterance": list("abcd"), "variant": "original", "emotion": ["calm", "sad"] * 2})
    rows["x"] = np.float32([1, 2, 3, 4])
    made = balancing.balanced(rows, **settings, seed=0)
    pd.testing.assert_frame_equal(made.drop(columns="synthetic"), rows)
    assert not made["synthetic"].any()
